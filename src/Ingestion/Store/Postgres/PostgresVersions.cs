using Ingestion.Postgres;

namespace Ingestion.Store.Postgres;

/// <summary>What one version changes of another, by chunk id.</summary>
internal readonly record struct PostgresDifference(int Kept, int Added, int Removed)
{
    public static async Task<PostgresDifference> OfAsync(PostgresSession session, StoredVersion? visible, StoredVersion next)
    {
        if (visible is null) return new PostgresDifference(0, next.ChunkCount, 0);
        var kept = (int)await session.ScalarAsync<long>(
            """
            SELECT count(*) FROM ingestion.chunk AS later JOIN ingestion.chunk AS former USING(chunk_id)
            WHERE later.version=$1 AND later.place<$2 AND former.version=$3 AND former.place<$4
            """,
            next.Id, next.ChunkCount, visible.Id, visible.ChunkCount);
        return new PostgresDifference(kept, next.ChunkCount - kept, visible.ChunkCount - kept);
    }
}

/// <summary>Switches of a document's visible version: by a commit, and back to an earlier one.</summary>
/// <param name="keep">Earlier versions of a document that are kept.</param>
internal sealed class PostgresVersions(int keep)
{
    /// <summary>Null where another version became visible meanwhile: then again.</summary>
    public async Task<CommitResult?> CommitAsync(PostgresSession session, StagedVersion staged, DateTimeOffset now)
    {
        // What the switch changes is counted before the collection is held, so that it is held for a moment only.
        var (seen, before) = await StoredVersion.GetWithVisibleAsync(session, staged.TenantId, staged.Id);
        if (seen is null) return new CommitResult(CommitKind.NotReady);
        var difference = seen.State == "staged" ? await PostgresDifference.OfAsync(session, before, seen) : default;

        var collection = (await PostgresCollection.HoldAsync(session, seen.Collection))!;
        session.Queue("SELECT 1 FROM ingestion.version WHERE id=$1 FOR UPDATE", seen.Id);
        var (version, visible) = await StoredVersion.GetWithVisibleAsync(session, staged.TenantId, staged.Id);
        if (version is null) return new CommitResult(CommitKind.NotReady);
        if (version.State is "visible" or "superseded") return version.Committed;
        if (version.State != "staged" || version.VectorCount < version.ChunkCount) return new CommitResult(CommitKind.NotReady);
        if (visible is not null && await HasLaterTaskAsync(session, version))
        {
            PostgresRemoval.Drop(session, version.Id);
            return new CommitResult(CommitKind.Superseded);
        }
        if (visible?.Id != before?.Id) return null;
        if (version.ChunkCount > 0 && collection.TakeSpace(session, version.Model, version.Dimension) is { } other)
            return new CommitResult(CommitKind.OtherModel, Space: other);

        // A task that stopped between its commit and its end does it all again: that makes no other version of it.
        var again = visible?.Task == version.Task;
        if (again && difference is { Added: 0, Removed: 0 }) difference = new PostgresDifference(visible!.Kept, visible.Added, visible.Removed);
        if (again) PostgresRemoval.Drop(session, visible!.Id);
        else if (visible is not null) await SupersedeAsync(session, visible);
        var number = (visible?.Number ?? 0) + (again ? 0 : 1);
        Show(session, collection, visible, version, number, visible?.CreatedAt ?? now, now, difference);
        return new CommitResult(CommitKind.Committed, number, difference.Kept, difference.Added, difference.Removed, version.Dimension);
    }

    public static async Task<RollbackResult> RollBackAsync(
        PostgresSession session, string tenant, string collectionName, string document, int? number, DateTimeOffset now)
    {
        if (await PostgresCollection.FindAsync(session, tenant, collectionName) is not { } found
            || await PostgresCollection.HoldAsync(session, found.Id) is not { } collection
            || await StoredVersion.VisibleAsync(session, collection.Id, document) is not { } visible)
            return new(RollbackKind.DocumentNotFound, null, []);
        var earlier = await StoredVersion.EarlierAsync(session, collection.Id, document);
        int[] kept = [.. earlier.Select(version => version.Number)];
        var back = number is null ? earlier.FirstOrDefault() : earlier.Find(version => version.Number == number);
        if (back is null) return new(RollbackKind.VersionNotFound, null, kept);
        if (back.ChunkCount > 0 && collection.Space is { } space && (space.Model != back.Model || space.Dimension != back.Dimension))
            return new(RollbackKind.OtherModel, null, kept);

        var difference = await PostgresDifference.OfAsync(session, visible, back);
        session.Queue("UPDATE ingestion.version SET state='superseded' WHERE id=$1", visible.Id);
        Show(session, collection, visible, back, visible.Number + 1, back.CreatedAt, now, difference);
        return new(RollbackKind.Done, (await PostgresRows.ReadVersionsAsync(session, collection.Name, back.Id))[back.Id], kept);
    }

    /// <summary>An operator may have come to keep fewer than before. Commits see to the rest.</summary>
    public Task<int> TrimAsync(PostgresSession session) => session.ExecuteAsync(
        """
        UPDATE ingestion.version SET state='dropped'
        WHERE state='superseded' AND id IN (
          SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY collection, document ORDER BY number DESC) AS age
                          FROM ingestion.version WHERE state='superseded') AS kept WHERE age>$1)
        """,
        keep);

    private async Task SupersedeAsync(PostgresSession session, StoredVersion visible)
    {
        session.Queue("UPDATE ingestion.version SET state=$2 WHERE id=$1", visible.Id, keep == 0 ? "dropped" : "superseded");
        foreach (var version in (await StoredVersion.EarlierAsync(session, visible.Collection, visible.Document)).Skip(keep))
            PostgresRemoval.Drop(session, version.Id);
    }

    private static void Show(
        PostgresSession session, PostgresCollection collection, StoredVersion? hidden, StoredVersion shown, int number, DateTimeOffset created,
        DateTimeOffset now, PostgresDifference difference)
    {
        session.Queue(
            """
            UPDATE ingestion.version SET state='visible', number=$2, created_at=$3, updated_at=$4, kept=$5, added=$6, removed=$7 WHERE id=$1
            """,
            shown.Id, number, created, now, difference.Kept, difference.Added, difference.Removed);
        collection.Count(session, hidden, shown);
    }

    /// <summary>Whether a task that was accepted later has stored the document, even where its version was rolled back since.</summary>
    private static Task<bool> HasLaterTaskAsync(PostgresSession session, StoredVersion version) => session.ScalarAsync<bool>(
        """
        SELECT EXISTS(SELECT 1 FROM ingestion.version
          WHERE collection=$1 AND document=$2 AND state IN ('visible', 'superseded') AND task>$3)
        """,
        version.Collection, version.Document, version.Task);
}
