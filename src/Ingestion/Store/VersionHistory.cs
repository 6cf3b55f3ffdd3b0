using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>The earlier versions of documents: as many as are kept can be brought back.</summary>
internal sealed class VersionHistory(SqliteDatabase database, int keep)
{
    private const int VersionsPerStep = 200;

    private long _trimmed;

    /// <summary>Another version takes the place of the visible one.</summary>
    public void Supersede(SqliteSession session, VersionRow visible)
    {
        if (keep == 0)
        {
            VersionRemoval.Drop(session, visible);
            return;
        }
        session.Execute("UPDATE version SET state='superseded' WHERE id=$id", ("$id", visible.Id));
        foreach (var version in Earlier(session, visible).Skip(keep)) VersionRemoval.Drop(session, version);
    }

    /// <summary>Whether a task that was accepted later has stored the document, even where its version was rolled back since.</summary>
    public static bool HasLaterTask(SqliteSession session, VersionRow version) =>
        session.Scalar<long>(
            """
            SELECT EXISTS(SELECT 1 FROM version
              WHERE collection=$collection AND document=$document AND state IN ('visible', 'superseded') AND task>$task)
            """,
            ("$collection", version.Collection), ("$document", version.Document), ("$task", version.Task)) == 1;

    public static RollbackResult RollBack(SqliteSession session, string tenant, string collection, string document, int? number, long now)
    {
        if (CollectionRow.Find(session, tenant, collection) is not { } row || VersionRow.Visible(session, row.Id, document) is not { } visible)
            return new(RollbackKind.DocumentNotFound, null, []);
        var earlier = Earlier(session, visible);
        int[] kept = [.. earlier.Select(version => version.Number)];
        var back = number is null ? earlier.FirstOrDefault() : earlier.Find(version => version.Number == number);
        if (back is null) return new(RollbackKind.VersionNotFound, null, kept);
        if (back.ChunkCount > 0 && row.Space is { } space && (space.Model != back.Model || space.Dimension != back.Dimension))
            return new(RollbackKind.OtherModel, null, kept);

        var difference = VersionDifference.Of(session, visible, back);
        session.Execute("UPDATE version SET state='superseded' WHERE id=$id", ("$id", visible.Id));
        session.Execute("UPDATE collection SET changes=changes+1 WHERE id=$id", ("$id", row.Id));
        session.Execute(
            """
            UPDATE version SET state='visible', number=$number, updated_at=$now, kept=$kept, added=$added, removed=$removed,
              change=(SELECT changes FROM collection WHERE id=version.collection)
            WHERE id=$id
            """,
            ("$number", visible.Number + 1), ("$now", now), ("$kept", difference.Kept), ("$added", difference.Added),
            ("$removed", difference.Removed), ("$id", back.Id));
        return new(RollbackKind.Done, StoredRows.ReadVersion(session, collection, back.Id), kept);
    }

    /// <summary>Once a process: an operator may have come to keep fewer than before. Commits see to the rest.</summary>
    public async Task TrimAsync(CancellationToken cancel)
    {
        while (_trimmed < long.MaxValue)
        {
            cancel.ThrowIfCancellationRequested();
            _trimmed = await database.StepAsync(session =>
            {
                var superseded = session.List(
                    "SELECT id FROM version WHERE state='superseded' AND id>$after ORDER BY id LIMIT $max",
                    row => row.GetInt64(0), ("$after", _trimmed), ("$max", VersionsPerStep));
                foreach (var id in superseded)
                {
                    if (VersionRow.Get(session, id) is { State: "superseded" } version
                        && Earlier(session, version).FindIndex(other => other.Id == id) >= keep) VersionRemoval.Drop(session, version);
                }
                return superseded.Count < VersionsPerStep ? long.MaxValue : superseded[^1];
            });
        }
    }

    /// <summary>The document's superseded versions, the newest first.</summary>
    private static List<VersionRow> Earlier(SqliteSession session, VersionRow version)
    {
        var earlier = VersionRow.OfDocument(session, version.Collection, version.Document).FindAll(other => other.State == "superseded");
        earlier.Sort((left, right) => right.Number.CompareTo(left.Number));
        return earlier;
    }
}
