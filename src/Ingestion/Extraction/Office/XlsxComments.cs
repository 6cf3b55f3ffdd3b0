namespace Ingestion.Extraction.Office;

/// <summary>Comments on cells: the old notes, and the threads of newer programs, whose notes only say that there is a thread.</summary>
internal sealed class XlsxComments
{
    private readonly OfficePackage _package;
    private readonly MarkdownWriter _writer;
    private readonly Dictionary<string, string> _persons = new(StringComparer.OrdinalIgnoreCase);

    public XlsxComments(OfficePackage package, MarkdownWriter writer, string? personsPart)
    {
        _package = package;
        _writer = writer;
        package.TryRead(personsPart, writer, xml =>
        {
            if (!xml.ReadRoot()) return;
            var depth = xml.Depth;
            while (xml.NextChild(depth))
                if (xml.Attribute("id") is { } id) _persons.TryAdd(id, xml.Attribute("displayName") ?? "");
        });
    }

    /// <summary>The comments of a sheet, each a paragraph.</summary>
    public List<string> Of(Relationships sheet)
    {
        var comments = new List<string>();
        _package.TryRead(sheet.PartOfType("comments"), _writer, xml => ReadNotes(xml, comments));
        _package.TryRead(sheet.PartOfType("threadedComment"), _writer, xml => ReadThreads(xml, comments));
        return comments;
    }

    private static void ReadNotes(XmlPart xml, List<string> comments)
    {
        if (!xml.ReadRoot()) return;
        var authors = new List<string>();
        var root = xml.Depth;
        while (xml.NextDescendant(root))
        {
            if (xml.Name == "author") authors.Add(xml.Text().Trim());
            if (xml.Name != "comment") continue;
            var cell = xml.Attribute("ref");
            var author = xml.IntAttribute("authorId") is { } id && (uint)id < (uint)authors.Count ? authors[id] : "";
            var text = "";
            var depth = xml.Depth;
            while (xml.NextChild(depth))
                if (xml.Name == "text") text = XlsxStrings.ReadText(xml);
            // "tc=" is the author of a note that stands for a thread.
            if (!author.StartsWith("tc=", StringComparison.Ordinal)) Add(comments, cell, author, "", text);
        }
    }

    private void ReadThreads(XmlPart xml, List<string> comments)
    {
        if (!xml.ReadRoot()) return;
        var root = xml.Depth;
        while (xml.NextChild(root))
        {
            var cell = xml.Attribute("ref");
            var author = _persons.GetValueOrDefault(xml.Attribute("personId") ?? "", "");
            var time = xml.Attribute("dT") ?? "";
            Add(comments, cell, author, time, xml.NextDescendant(xml.Depth, "text") ? xml.Text() : "");
        }
    }

    private static void Add(List<string> comments, string? cell, string author, string time, string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return;
        var about = cell ?? "";
        if (author.Length > 0) about += $", author: {author}";
        if (time.Length > 0) about += $", time: {time}";
        comments.Add($"[{about}]: {text.Trim()}");
    }
}
