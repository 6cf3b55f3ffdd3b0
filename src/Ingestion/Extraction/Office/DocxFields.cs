using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>
/// The fields that are open at the current place of a Word document: an instruction, then the result that is shown.
/// Fields nest, and their results may span paragraphs.
/// </summary>
internal sealed class DocxFields
{
    private readonly Stack<Field> _open = new();
    private int _instructions;

    /// <summary>What stands here is a field's instruction and not shown.</summary>
    public bool InInstruction => _instructions > 0;

    public void Begin()
    {
        _open.Push(new Field());
        _instructions++;
    }

    public void Instruct(string text)
    {
        if (_open.TryPeek(out var field)) field.Instruction.Append(text);
    }

    public void StartResult(InlineMarkdown inline)
    {
        if (!_open.TryPeek(out var field) || field.InResult) return;
        field.InResult = true;
        _instructions--;
        field.Address = HyperlinkAddress(field.Instruction.ToString());
        if (field.Address is not null && !InInstruction && inline.StartLink()) field.LinkedIn = inline;
    }

    public void End(InlineMarkdown inline)
    {
        if (!_open.TryPop(out var field)) return;
        if (!field.InResult) _instructions--;
        if (ReferenceEquals(field.LinkedIn, inline)) inline.EndLink(field.Address);
    }

    /// <summary>A field that never came to its result must not swallow the rest of the document.</summary>
    public void EndParagraph()
    {
        if (_instructions == 0) return;
        foreach (var field in _open) field.InResult = true;
        _instructions = 0;
    }

    /// <summary>The address in <c>HYPERLINK "address"</c>; null for other fields and for places in the same document (<c>\l</c>).</summary>
    internal static string? HyperlinkAddress(string instruction)
    {
        var rest = instruction.AsSpan().Trim();
        if (!rest.StartsWith("HYPERLINK", StringComparison.OrdinalIgnoreCase)) return null;
        rest = rest["HYPERLINK".Length..].TrimStart();
        if (rest.IsEmpty || rest[0] == '\\') return null;
        if (rest[0] != '"') return rest[..Until(rest, ' ')].ToString();
        rest = rest[1..];
        return rest[..Until(rest, '"')].ToString();
    }

    private static int Until(ReadOnlySpan<char> text, char end)
    {
        var at = text.IndexOf(end);
        return at < 0 ? text.Length : at;
    }

    private sealed class Field
    {
        public StringBuilder Instruction { get; } = new();
        public bool InResult { get; set; }
        public string? Address { get; set; }
        public InlineMarkdown? LinkedIn { get; set; }
    }
}
