using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <param name="Dimension">0 before the first commit with vectors.</param>
internal readonly record struct CollectionRow(long Id, string Name, string? Model, int Dimension, long Changes, long Removals)
{
    public VectorSpace? Space => Model is null ? null : new VectorSpace(Model, Dimension);

    public static CollectionRow? Find(SqliteSession session, string tenant, string name) =>
        session.First<CollectionRow?>(
            "SELECT id, model, dimension, changes, removals FROM collection WHERE tenant=$tenant AND name=$name",
            row => new CollectionRow(
                row.GetInt64(0), name, row.IsDBNull(1) ? null : row.GetString(1), row.GetInt32(2), row.GetInt64(3), row.GetInt64(4)),
            ("$tenant", tenant), ("$name", name));

    /// <summary>The id of the collection, made where there is none.</summary>
    public static long Add(SqliteSession session, string tenant, string name)
    {
        session.Execute("INSERT OR IGNORE INTO collection(tenant, name) VALUES($tenant, $name)", ("$tenant", tenant), ("$name", name));
        return Find(session, tenant, name)!.Value.Id;
    }
}
