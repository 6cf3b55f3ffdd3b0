using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>What a staged version changes of the visible one, by chunk id.</summary>
/// <param name="Visible">The version that was visible; 0 where there was none.</param>
internal readonly record struct VersionDifference(long Visible, int Kept, int Added, int Removed)
{
    public static VersionDifference Read(SqliteSession session, long staged)
    {
        if (VersionRow.Get(session, staged) is not { State: "staged" } version) return default;
        return VersionRow.Visible(session, version.Collection, version.Document) is { } visible
            ? Of(session, visible, version)
            : new VersionDifference(0, 0, version.ChunkCount, 0);
    }

    public static VersionDifference Of(SqliteSession session, VersionRow visible, VersionRow next)
    {
        var old = VersionRow.ChunkIds(session, visible);
        var kept = VersionRow.ChunkIds(session, next).Keys.Count(old.ContainsKey);
        return new VersionDifference(visible.Id, kept, next.ChunkCount - kept, visible.ChunkCount - kept);
    }
}

/// <summary>The switch from the visible version to the staged one.</summary>
internal static class VersionCommit
{
    /// <summary>Null where another version became visible after the difference was read.</summary>
    public static CommitResult? Run(SqliteSession session, long staged, VersionDifference difference, VersionHistory history, long now)
    {
        if (VersionRow.Get(session, staged) is not { } version) return new CommitResult(CommitKind.NotReady);
        if (version.State is "visible" or "superseded") return Committed(version);
        if (version.State != "staged" || version.VectorCount < version.ChunkCount) return new CommitResult(CommitKind.NotReady);

        var visible = VersionRow.Visible(session, version.Collection, version.Document);
        if (visible is not null && VersionHistory.HasLaterTask(session, version))
        {
            VersionRemoval.Drop(session, version);
            return new CommitResult(CommitKind.Superseded);
        }
        if ((visible?.Id ?? 0) != difference.Visible) return null;
        if (version.ChunkCount > 0 && TakeSpace(session, version.Collection, version.Model, version.Dimension) is { } other)
            return new CommitResult(CommitKind.OtherModel, Space: other);

        // A task that stopped between its commit and its end does it all again: that makes no other version of it.
        var again = visible?.Task == version.Task;
        if (again) VersionRemoval.Drop(session, visible!);
        else if (visible is not null) history.Supersede(session, visible);
        session.Execute("UPDATE collection SET changes=changes+1 WHERE id=$id", ("$id", version.Collection));
        if (again && difference is { Added: 0, Removed: 0 })
            difference = new VersionDifference(visible!.Id, visible.Kept, visible.Added, visible.Removed);
        session.Execute(
            """
            UPDATE version SET state='visible', number=$number, lineage=$lineage, created_at=$created, updated_at=$now, kept=$kept,
              added=$added, removed=$removed, change=(SELECT changes FROM collection WHERE id=version.collection)
            WHERE id=$id
            """,
            ("$number", (visible?.Number ?? 0) + (again ? 0 : 1)), ("$lineage", visible?.Lineage ?? version.Id),
            ("$created", visible?.CreatedAt ?? now), ("$now", now), ("$kept", difference.Kept), ("$added", difference.Added),
            ("$removed", difference.Removed), ("$id", version.Id));
        return Committed(VersionRow.Get(session, staged)!);
    }

    /// <summary>The first version with vectors fixes the collection's model and dimension; given where the version has others.</summary>
    public static VectorSpace? TakeSpace(SqliteSession session, long collection, string model, int dimension)
    {
        var space = session.First(
            "SELECT model, dimension FROM collection WHERE id=$id",
            row => row.IsDBNull(0) ? null : new VectorSpace(row.GetString(0), row.GetInt32(1)), ("$id", collection));
        if (space is not null) return space.Model == model && space.Dimension == dimension ? null : space;
        session.Execute(
            "UPDATE collection SET model=$model, dimension=$dimension WHERE id=$id",
            ("$model", model), ("$dimension", dimension), ("$id", collection));
        return null;
    }

    public static CommitResult Committed(VersionRow version) =>
        new(CommitKind.Committed, version.Number, version.Kept, version.Added, version.Removed, version.Dimension);
}
