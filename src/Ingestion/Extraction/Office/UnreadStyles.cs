namespace Ingestion.Extraction.Office;

/// <summary>
/// Table styles and the list of latent styles are most of a styles part (often 90 % of 350 KB) and hold nothing that is read here.
/// They are cut out of the bytes, which costs a small part of parsing them.
/// </summary>
internal static class UnreadStyles
{
    /// <summary>
    /// The part without them. Where it is not written in the usual way (UTF-8, prefix "w") nothing is found and nothing cut.
    /// </summary>
    public static Stream CutFrom(Stream part)
    {
        var bytes = new MemoryStream(64 * 1024);
        using (part) part.CopyTo(bytes);
        var all = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        var kept = 0;
        var read = 0;
        while (true)
        {
            var (start, end) = NextCut(all, read);
            all[read..start].CopyTo(all[kept..]);
            kept += start - read;
            if (end == all.Length) break;
            read = end;
        }
        bytes.SetLength(kept);
        bytes.Position = 0;
        return bytes;
    }

    /// <summary>The next slice to leave out; empty, at the end, where nothing more is to be cut.</summary>
    private static (int Start, int End) NextCut(ReadOnlySpan<byte> bytes, int from)
    {
        if (from == 0)
        {
            var latent = bytes.IndexOf("<w:latentStyles"u8);
            var end = latent < 0 ? -1 : bytes[latent..].IndexOf("</w:latentStyles>"u8);
            if (end > 0) return (latent, latent + end + "</w:latentStyles>"u8.Length);
        }
        while (true)
        {
            var at = bytes[from..].IndexOf("<w:style "u8);
            if (at < 0) return (bytes.Length, bytes.Length);
            var start = from + at;
            var rest = bytes[start..];
            var tag = rest[..(rest.IndexOf((byte)'>') + 1)];
            var end = tag.EndsWith("/>"u8) ? 0 : rest.IndexOf("</w:style>"u8);
            if (end < 0) return (bytes.Length, bytes.Length);
            if (end > 0 && tag.IndexOf("w:type=\"table\""u8) >= 0) return (start, start + end + "</w:style>"u8.Length);
            from = start + Math.Max(end, tag.Length);
        }
    }
}
