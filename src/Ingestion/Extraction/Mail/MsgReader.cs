using System.Globalization;

using Ingestion.Extraction.Archives;
using Ingestion.Extraction.Rtf;
using Ingestion.Extraction.Web;

namespace Ingestion.Extraction.Mail;

/// <summary>Outlook items (MSG): mails, appointments and contacts, with their attachments as parts.</summary>
public sealed class MsgReader : IDocumentReader
{
    private static readonly (string Name, string Tag)[] Fields =
    [
        ("From", "0C1A"), ("To", "0E04"), ("Cc", "0E03"), ("Company", "3A16"), ("Title", "3A17"), ("Phone", "3A08"), ("Mobile", "3A1C"), ("Address", "3A15"),
    ];

    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Msg];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var file = new CompoundFile(content.Bytes);
        var writer = new MarkdownWriter(content.Limits);
        var item = new MsgProperties(file, storage: 0, fixedStart: 32);
        await WriteAsync(file, item, writer, content, depth: 0, cancel);
        return writer.ToDocument(content.MediaType) with { Title = item.Text("0037"), Author = item.Text("0C1A"), Created = Sent(item) };
    }

    private static async Task WriteAsync(CompoundFile file, MsgProperties item, MarkdownWriter writer, DocumentContent content, int depth, CancellationToken cancel)
    {
        if (item.Text("0037") is { } subject) writer.Heading(1, subject);
        var lines = Fields.Select(field => item.Text(field.Tag) is { } value ? $"{field.Name}: {value}" : "").ToList();
        if (Sent(item) is { } sent) lines.Add("Date: " + sent.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture));
        writer.Paragraph(string.Join('\n', lines.Where(line => line.Length > 0)));
        WriteBody(item, writer, content, cancel);

        foreach (var storage in item.Attachments)
        {
            cancel.ThrowIfCancellationRequested();
            var attachment = new MsgProperties(file, storage, fixedStart: 8);
            var name = attachment.Text("3707") ?? attachment.Text("3704") ?? attachment.Text("3001") ?? "attachment";
            if (attachment.Storage("3701") is { } mail)
            {
                if (depth + content.Nesting < content.Limits.MaxNesting)
                    await WriteAsync(file, new MsgProperties(file, mail, fixedStart: 24), writer, content, depth + 1, cancel);
                else writer.Warn($"\"{name}\" lies in more than {content.Limits.MaxNesting} documents and was not read. Send it by itself.");
            }
            else if (attachment.Bytes("3701") is { Length: > 0 } bytes)
            {
                await DocumentPart.AppendAsync(writer, content, bytes, name, attachment.Text("370E") ?? "", cancel);
            }
        }
    }

    /// <summary>The page, the rich text or the plain text: the first that the item has.</summary>
    private static void WriteBody(MsgProperties item, MarkdownWriter writer, DocumentContent content, CancellationToken cancel)
    {
        if (item.Bytes("1013") is { Length: > 0 } page)
        {
            HtmlReader.Write(TextDecoding.Decode(page, HtmlReader.DeclaredInside(page) ?? item.CodePage, cancel).Text, writer, content.Limits, null, cancel);
        }
        else if (item.Text("1000") is { } plain)
        {
            foreach (var paragraph in MarkdownWriter.Clean(plain).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)) writer.Paragraph(paragraph);
        }
        else if (item.Bytes("1009") is { Length: > 0 } packed)
        {
            writer.Append(RtfReader.Read(CompressedRtf.Unpack(packed, content.Limits), content.Limits, cancel));
        }
    }

    private static DateTimeOffset? Sent(MsgProperties item) => item.Time(0x00390040) ?? item.Time(0x0E060040) ?? item.Time(0x30070040);
}
