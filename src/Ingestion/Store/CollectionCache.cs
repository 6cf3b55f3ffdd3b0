using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>
/// The snapshots of the collections that were searched last, brought up to date by what has changed since, whichever process changed it.
/// </summary>
/// <param name="budget">Bytes for all of them together. A collection whose vectors alone need more is searched from the file.</param>
internal sealed class CollectionCache(long budget)
{
    private const int LargestBlock = 1 << 29;

    private readonly Dictionary<long, Entry> _entries = [];
    private long _uses;

    /// <summary>The snapshot that belongs to the session's transaction; null where a later one is known: then begin again.</summary>
    public CollectionSnapshot? Get(SqliteSession session, in CollectionRow collection)
    {
        Entry entry;
        lock (_entries)
        {
            entry = CollectionsMarshal.GetValueRefOrAddDefault(_entries, collection.Id, out _) ??= new Entry();
            entry.LastUse = ++_uses;
        }
        lock (entry)
        {
            if (entry.Snapshot is { } known && known.Changes > collection.Changes) return null;
            if (entry.Snapshot?.Changes == collection.Changes) return entry.Snapshot;
            entry.Refresh(session, collection, budget);
        }
        Evict(entry);
        return entry.Snapshot;
    }

    private void Evict(Entry newest)
    {
        lock (_entries)
        {
            var total = _entries.Values.Sum(entry => entry.Bytes);
            foreach (var (collection, entry) in _entries.OrderBy(pair => pair.Value.LastUse).ToList())
            {
                if (total <= budget || entry == newest) return;
                total -= entry.Bytes;
                _entries.Remove(collection);
            }
        }
    }

    private readonly record struct VisibleVersion(long Id, long Lineage, long FirstChunk, int Count);

    private sealed class Entry
    {
        private readonly List<ChunkBlock> _blocks = [];

        public CollectionSnapshot? Snapshot { get; private set; }
        public long LastUse { get; set; }
        public long Bytes { get; private set; }

        public void Refresh(SqliteSession session, in CollectionRow collection, long budget)
        {
            var known = Snapshot;
            // Without removals, whatever is gone was replaced by a version that is new to us.
            var usable = known is not null && known.Dimension == collection.Dimension;
            var since = usable && known!.Removals == collection.Removals ? known.Changes : 0;
            var fresh = ReadVisible(session, collection.Id, since);
            var segments = usable ? Keep(known!, fresh, replaced: since > 0) : [];

            var rows = segments.Sum(segment => (long)segment.Count) + fresh.Sum(version => (long)version.Count);
            var vectors = collection.Dimension > 0 && rows * collection.Dimension * sizeof(float) <= budget;
            var wasteful = _blocks.Sum(block => (long)block.Used) > 2 * rows + 4096;
            if (segments.Count > 0 && (known!.HasVectors != vectors || wasteful))
            {
                segments.Clear();
                fresh = ReadVisible(session, collection.Id, since: 0);
            }
            if (segments.Count == 0) _blocks.Clear();
            fresh.RemoveAll(version => version.Count == 0);
            Load(session, fresh, segments, collection.Dimension, vectors);
            // What is new mostly has the highest ids already.
            if (fresh.Count < segments.Count && fresh.Count > 0 && segments[^(fresh.Count + 1)].FirstChunk > fresh[0].FirstChunk)
                segments.Sort((left, right) => left.FirstChunk.CompareTo(right.FirstChunk));
            Snapshot = new CollectionSnapshot(collection.Changes, collection.Removals, collection.Dimension, vectors, [.. segments]);
            Bytes = _blocks.Sum(block => block.Bytes) + segments.Count * (long)Unsafe.SizeOf<Segment>();
        }

        /// <summary>What still holds of the segments in memory. Those that are held already are taken out of the fresh ones.</summary>
        private static List<Segment> Keep(CollectionSnapshot known, List<VisibleVersion> fresh, bool replaced)
        {
            var names = fresh.Select(version => replaced ? version.Lineage : version.Id).ToHashSet();
            var kept = new List<Segment>(known.Segments.Length + fresh.Count);
            foreach (ref readonly var segment in known.Segments)
            {
                if (replaced ? !names.Contains(segment.Lineage) : names.Remove(segment.Version)) kept.Add(segment);
            }
            if (!replaced) fresh.RemoveAll(version => !names.Contains(version.Id));
            return kept;
        }

        private static List<VisibleVersion> ReadVisible(SqliteSession session, long collection, long since) =>
            session.List("""
                SELECT id, lineage, first_chunk, chunk_count FROM version
                WHERE collection=$collection AND state='visible' AND change>$since
                """,
                row => new VisibleVersion(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt32(3)),
                ("$collection", collection), ("$since", since));

        private void Load(SqliteSession session, List<VisibleVersion> versions, List<Segment> segments, int dimension, bool vectors)
        {
            versions.Sort((left, right) => left.FirstChunk.CompareTo(right.FirstChunk));
            long left = versions.Sum(version => (long)version.Count);
            for (var i = 0; i < versions.Count; i++)
            {
                var version = versions[i];
                if (_blocks.Count == 0 || _blocks[^1].Free < version.Count)
                {
                    var most = vectors ? LargestBlock / dimension : LargestBlock;
                    var spare = Math.Min(segments.Count / 4, 4096);
                    _blocks.Add(new ChunkBlock((int)Math.Max(version.Count, Math.Min(left + spare, most)), dimension, vectors));
                }
                var block = _blocks[^1];
                segments.Add(new Segment(version.Id, version.Lineage, version.FirstChunk, version.Count, 0, block, block.Used));
                block.Used += version.Count;
                left -= version.Count;
            }
            // Versions stored one after another have ids side by side: one query reads a run of them.
            var loaded = CollectionsMarshal.AsSpan(segments)[^versions.Count..];
            for (int from = 0, to; from < loaded.Length; from = to)
            {
                to = from + 1;
                while (to < loaded.Length && loaded[to].FirstChunk == loaded[to - 1].FirstChunk + loaded[to - 1].Count) to++;
                Fill(session, loaded[from..to], vectors);
            }
        }

        private static void Fill(SqliteSession session, ReadOnlySpan<Segment> run, bool vectors)
        {
            var segments = run.ToArray();
            (string, object?) first = ("$first", segments[0].FirstChunk), end = ("$end", segments[^1].FirstChunk + segments[^1].Count);
            var at = 0;
            session.Visit("SELECT id, words FROM chunk WHERE id>=$first AND id<$end ORDER BY id", row =>
            {
                var (block, index) = Locate(row.GetInt64(0));
                block.Words[index] = row.GetInt32(1);
                return true;
            }, first, end);
            if (!vectors) return;
            at = 0;
            session.Visit("SELECT id, numbers FROM chunk_vector WHERE id>=$first AND id<$end ORDER BY id", row =>
            {
                var (block, index) = Locate(row.GetInt64(0));
                Normalise(VectorBlob.Read(row, 1), block.Vector(index));
                return true;
            }, first, end);

            (ChunkBlock Block, int Row) Locate(long chunk)
            {
                while (!segments[at].Has(chunk)) at++;
                return (segments[at].Block, segments[at].Row + (int)(chunk - segments[at].FirstChunk));
            }
        }

        private static void Normalise(ReadOnlySpan<float> vector, Span<float> unit)
        {
            var norm = TensorPrimitives.Norm(vector);
            if (norm > 0) TensorPrimitives.Divide(vector, norm, unit);
            else unit.Clear();
        }
    }
}
