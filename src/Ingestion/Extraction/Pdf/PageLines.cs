using System.Runtime.InteropServices;

namespace Ingestion.Extraction.Pdf;

/// <summary>A piece of a line without a wide gap in it: what columns and tables are made of.</summary>
internal sealed class Segment(PlacedGlyph[] glyphs, int row)
{
    public PlacedGlyph[] Glyphs { get; } = glyphs;

    /// <summary>Segments on one base line share it; rows count from the top.</summary>
    public int Row { get; } = row;

    public float U0 { get; init; }
    public float U1 { get; init; }
    public float V { get; init; }
    public float Size { get; init; }
    public float Width => U1 - U0;
    public bool HasRightToLeft { get; } = VisualText.HasRightToLeft(glyphs);

    /// <summary>Set where a whole table stands for its text in the reading order.</summary>
    public PageTable? Table { get; init; }

    public Segment Slice(int start, int end)
    {
        if (start == 0 && end == Glyphs.Length) return this;
        var part = Glyphs[start..end];
        return new Segment(part, Row) { U0 = part[0].U0, U1 = part[^1].U1, V = V, Size = Size };
    }

    public Segment InRow(int row) => new(Glyphs, row) { U0 = U0, U1 = U1, V = V, Size = Size };

    public static Segment For(PageTable table, int row) =>
        new([], row) { U0 = table.U0, U1 = table.U1, V = table.V1, Size = 10, Table = table };
}

/// <summary>Glyphs to lines: by base line, then from left to right, with words where the gap says so.</summary>
internal static class PageLines
{
    /// <summary>In em. Fonts without a space glyph leave 0.15 and more between words, and hardly anything between letters.</summary>
    private const float WordGap = 0.12f;

    /// <summary>In em. Wider gaps may belong to a column or a table; where they do not, the pieces are joined again.</summary>
    private const float SegmentGap = 0.9f;

    private const float SameLine = 0.4f;

    /// <summary>In sizes of the text that they belong to: what superscripts are at most.</summary>
    private const float Smaller = 0.85f;

    private const char FirstRightToLeft = '\u0590';

    /// <summary>In widths of the letter: the same letter drawn again this near is bold by hand, not a double letter.</summary>
    private const float ShadowOffset = 0.5f;

    private struct Run
    {
        public int Start, End;
        public float U0, U1, V, Size;
        public bool Overlaps;
    }

    private sealed class Row(float v)
    {
        public readonly float V = v;
        public readonly List<Run> Runs = [];
        public float Size;
    }

    public static List<Segment> Build(List<PlacedGlyph> glyphs)
    {
        var all = CollectionsMarshal.AsSpan(glyphs);
        var rows = ToRows(ToRuns(all));
        AttachScripts(rows);

        var segments = new List<Segment>();
        var line = new List<PlacedGlyph>();
        var number = 0;
        foreach (var row in rows)
        {
            if (row.Runs.Count == 0) continue;
            Flatten(row, all, line);
            Accents.Combine(line);
            MarkPowers(line);
            Split(line, number++, segments);
        }
        return segments;
    }

    private static List<Run> ToRuns(ReadOnlySpan<PlacedGlyph> glyphs)
    {
        var runs = new List<Run>();
        var current = new Run();
        var inked = false;
        for (var i = 0; i < glyphs.Length; i++)
        {
            ref readonly var glyph = ref glyphs[i];
            if (current.End > current.Start)
            {
                var last = glyphs[i - 1];
                var size = Math.Max(glyph.Size, current.Size);
                if (Math.Abs(glyph.V - current.V) <= 0.1f * size && glyph.U0 >= last.U0 - (0.1f * size) && glyph.U0 - last.U1 <= size
                    && Math.Min(glyph.Size, current.Size) > 0.85f * size)
                {
                    current.End = i + 1;
                    current.Overlaps |= glyph.U0 - last.U0 < ShadowOffset * (last.U1 - last.U0) && glyph.Text == last.Text;
                    current.U1 = Math.Max(current.U1, glyph.U1);
                    inked |= !IsSpace(glyph.Text);
                    continue;
                }
                if (inked) runs.Add(current);
            }
            current = new Run { Start = i, End = i + 1, U0 = glyph.U0, U1 = glyph.U1, V = glyph.V, Size = glyph.Size };
            inked = !IsSpace(glyph.Text);
        }
        if (current.End > current.Start && inked) runs.Add(current);
        return runs;
    }

    private static List<Row> ToRows(List<Run> runs)
    {
        runs.Sort(static (a, b) => a.V != b.V ? b.V.CompareTo(a.V) : a.Start.CompareTo(b.Start));
        var rows = new List<Row>();
        foreach (var run in runs)
        {
            Row? best = null;
            var distance = float.MaxValue;
            for (var i = rows.Count - 1; i >= 0; i--)
            {
                var away = rows[i].V - run.V;
                if (away > SameLine * run.Size) break;
                if (away > SameLine * rows[i].Size || away >= distance || Collides(rows[i], run)) continue;
                best = rows[i];
                distance = away;
            }
            if (best is null) rows.Add(best = new Row(run.V));
            best.Runs.Add(run);
            best.Size = Math.Max(best.Size, run.Size);
        }
        return rows;
    }

    // Text at a clearly other height over the same place is another line, however close.
    private static bool Collides(Row row, in Run run)
    {
        if (row.Runs.Count > 256) return false;
        foreach (var other in row.Runs)
        {
            var overlap = Math.Min(run.U1, other.U1) - Math.Max(run.U0, other.U0);
            if (overlap > 0.3f * Math.Min(run.U1 - run.U0, other.U1 - other.U0)
                && Math.Abs(other.V - run.V) > 0.15f * Math.Min(run.Size, other.Size))
                return true;
        }
        return false;
    }

    // Superscripts and subscripts have base lines of their own: they go back to the larger text that they touch.
    private static void AttachScripts(List<Row> rows)
    {
        const int Near = 4;
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            for (var r = row.Runs.Count - 1; r >= 0; r--)
            {
                var run = row.Runs[r];
                if (run.End - run.Start > 12 || (r < 64 && row.Runs.Count <= 64 && TouchesLarger(row, run))) continue;
                for (var j = Math.Max(0, i - Near); j < Math.Min(rows.Count, i + Near + 1); j++)
                {
                    if (j == i || rows[j].Runs.Count > 64) continue;
                    var rise = run.V - rows[j].V;
                    if (rise > 0.65f * rows[j].Size || rise < -0.4f * rows[j].Size || !TouchesLarger(rows[j], run)) continue;
                    rows[j].Runs.Add(run);
                    row.Runs.RemoveAt(r);
                    break;
                }
            }
        }
    }

    private static bool TouchesLarger(Row row, in Run run)
    {
        foreach (var other in row.Runs)
        {
            if (run.Size > 0.85f * other.Size) continue;
            var gap = Math.Max(run.U0 - other.U1, other.U0 - run.U1);
            if (gap < 0.3f * other.Size && gap > -0.3f * other.Size) return true;
        }
        return false;
    }

    private static void Flatten(Row row, ReadOnlySpan<PlacedGlyph> all, List<PlacedGlyph> line)
    {
        line.Clear();
        row.Runs.Sort(static (a, b) => a.U0.CompareTo(b.U0));
        var reach = float.MinValue;
        var overlap = false;
        foreach (var run in row.Runs)
        {
            overlap |= run.Overlaps || run.U0 < reach - (0.05f * run.Size);
            reach = Math.Max(reach, run.U1);
            for (var i = run.Start; i < run.End; i++) line.Add(all[i]);
        }
        if (!overlap) return;

        // Stable: a mark drawn at the place of its letter must stay behind it.
        var sorted = line.Select((glyph, index) => (glyph, index)).OrderBy(item => item.glyph.U0).ThenBy(item => item.index).ToList();
        line.Clear();
        foreach (var (glyph, _) in sorted)
        {
            if (!IsShadow(line, glyph)) line.Add(glyph);
        }
    }

    // Bold made by drawing the same text twice, a hair apart.
    private static bool IsShadow(List<PlacedGlyph> line, in PlacedGlyph glyph)
    {
        for (var i = line.Count - 1; i >= 0 && i >= line.Count - 4; i--)
        {
            var other = line[i];
            if (other.Text == glyph.Text && glyph.U0 - other.U0 < ShadowOffset * (other.U1 - other.U0)
                && Math.Abs(other.V - glyph.V) < 0.12f * glyph.Size)
                return true;
        }
        return false;
    }

    /// <summary>
    /// Small raised digits after a word or a number are its power or the mark of its note. Said at once after it they would make another
    /// number or word of it.
    /// </summary>
    private static void MarkPowers(List<PlacedGlyph> line)
    {
        const int Longest = 3;
        for (var i = 1; i < line.Count; i++)
        {
            var before = line[i - 1];
            if (line[i].Size > Smaller * before.Size || line[i].U0 - before.U1 > 0.5f * line[i].Size || before.Text.Length != 1
                || before.Text[0] >= FirstRightToLeft || !char.IsLetterOrDigit(before.Text[0])) continue;
            var end = i;
            while (end < line.Count && end - i <= Longest && IsRaised(line[end], before)) end++;
            if (end == i || end - i > Longest || (end < line.Count && !IsSpace(line[end].Text) && line[end].V > before.V + Rise(before))) continue;
            line[i] = line[i] with { Text = "^" + line[i].Text };
            i = end;
        }
    }

    private static bool IsRaised(in PlacedGlyph glyph, in PlacedGlyph before) =>
        glyph.Text.Length == 1 && (char.IsAsciiDigit(glyph.Text[0]) || glyph.Text[0] is '-' or '+' or '\u2212')
        && glyph.Size <= Smaller * before.Size && glyph.V > before.V + Rise(before) && glyph.U0 - before.U1 < 2 * glyph.Size;

    private static float Rise(in PlacedGlyph before) => 0.15f * before.Size;

    private static void Split(List<PlacedGlyph> line, int row, List<Segment> segments)
    {
        var gap = LetterGap(line);
        var start = 0;
        var piece = new List<PlacedGlyph>(line.Count);
        var space = false;
        var reach = 0f;
        var first = segments.Count;
        for (; start < line.Count; start++)
        {
            var glyph = line[start];
            if (IsSpace(glyph.Text))
            {
                space = true;
                continue;
            }
            if (piece.Count > 0)
            {
                var away = glyph.U0 - reach;
                var size = Math.Max(glyph.Size, piece[^1].Size);
                if (away > SegmentGap * size + gap)
                {
                    segments.Add(Close(piece, row));
                    piece.Clear();
                    reach = float.MinValue;
                }
                else
                {
                    glyph.SpaceBefore = space || away > (WordGap * Math.Min(glyph.Size, piece[^1].Size)) + gap;
                }
            }
            else
            {
                reach = float.MinValue;
            }
            piece.Add(glyph);
            reach = Math.Max(reach, glyph.U1);
            space = false;
        }
        if (piece.Count > 0) segments.Add(Close(piece, row));
        JoinStretched(segments, first);
    }

    /// <summary>
    /// The words of a justified line without hyphens may stand as far apart as columns do. What tells them is that all their gaps are the
    /// same, while the words are not: cells of a table that are equally far apart are equally wide, and few of them are.
    /// </summary>
    private static void JoinStretched(List<Segment> segments, int first)
    {
        for (var i = first; i + 2 < segments.Count; i++)
        {
            var gap = segments[i + 1].U0 - segments[i].U1;
            var same = 0.04f * segments[i].Size;
            var last = i;
            float narrowest = segments[i].Width, widest = narrowest;
            while (last + 1 < segments.Count && Math.Abs(segments[last + 1].U0 - segments[last].U1 - gap) <= same
                && IsWord(segments[last]) && IsWord(segments[last + 1]))
            {
                last++;
                narrowest = Math.Min(narrowest, segments[last].Width);
                widest = Math.Max(widest, segments[last].Width);
            }
            if (last < i + 2 || widest - narrowest < segments[i].Size || (last - i + 1) * 3 < segments.Count - first) continue;
            var glyphs = new List<PlacedGlyph>();
            foreach (var segment in segments.GetRange(i, last - i + 1))
            {
                glyphs.AddRange(segment.Glyphs);
                glyphs[^segment.Glyphs.Length] = segment.Glyphs[0] with { SpaceBefore = glyphs.Count > segment.Glyphs.Length };
            }
            segments[i] = Close(glyphs, segments[i].Row);
            segments.RemoveRange(i + 1, last - i);
        }
    }

    // Chinese and Japanese have no words to stretch a line by.
    private static bool IsWord(Segment segment) =>
        !Array.Exists(segment.Glyphs, glyph => glyph.SpaceBefore)
        && Array.Exists(segment.Glyphs, glyph => glyph.Text[0] < '\u2E80' && char.IsLetter(glyph.Text[0]));

    // Letter-spaced text: what is usual between its letters is no word gap.
    private static float LetterGap(List<PlacedGlyph> line)
    {
        if (line.Count < 6) return 0;
        Span<float> gaps = line.Count <= 512 ? stackalloc float[line.Count] : new float[line.Count];
        var count = 0;
        for (var i = 1; i < line.Count; i++)
        {
            if (!IsSpace(line[i].Text) && !IsSpace(line[i - 1].Text)) gaps[count++] = line[i].U0 - line[i - 1].U1;
        }
        if (count < 5) return 0;
        gaps = gaps[..count];
        gaps.Sort();
        var median = gaps[count / 2];
        return median > 0.05f * line[0].Size && median < 0.6f * line[0].Size ? median : 0;
    }

    private static Segment Close(List<PlacedGlyph> piece, int row)
    {
        float u0 = float.MaxValue, u1 = float.MinValue, size = 0;
        foreach (var glyph in piece)
        {
            u0 = Math.Min(u0, glyph.U0);
            u1 = Math.Max(u1, glyph.U1);
            size = Math.Max(size, glyph.Size);
        }
        var v = piece[0].V;
        foreach (var glyph in piece)
        {
            if (glyph.Size < 0.95f * size) continue;
            v = glyph.V;
            break;
        }
        return new Segment([.. piece], row) { U0 = u0, U1 = u1, V = v, Size = size };
    }

    private static bool IsSpace(string text) => text.Length == 1 && (text[0] <= ' ' || char.IsWhiteSpace(text[0]));
}
