using System.Globalization;
using Ingestion.Extraction.Archives;
using Ingestion.Extraction.Plain;
using Ingestion.Extraction.Web;
using MimeKit;

namespace Ingestion.Extraction.Mail;

/// <summary>Mails (EML) and mailboxes (MBOX): headers, text and, as parts, the attachments.</summary>
public sealed class MailReader : IDocumentReader
{
    // Real mails nest a handful of levels; the library's own limit lets a hostile one use its stack.
    private const int MaxDepth = 32;

    static MailReader() => _ = TextDecoding.ByCodePage(1252); // Registers the code pages that old mails are written in.

    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Email, Extraction.MediaTypes.Mailbox];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        content.Bytes.Position = 0;
        var writer = new MarkdownWriter(content.Limits);
        var options = new ParserOptions { MaxMimeDepth = MaxDepth };
        try
        {
            if (content.MediaType == Extraction.MediaTypes.Mailbox) return await ReadMailboxAsync(new MimeParser(options, content.Bytes, MimeFormat.Mbox), writer, content, cancel);
            using var mail = await MimeMessage.LoadAsync(options, content.Bytes, cancel);
            await WriteAsync(mail, writer, content, cancel);
            return writer.ToDocument(content.MediaType) with
            {
                Title = string.IsNullOrWhiteSpace(mail.Subject) ? null : mail.Subject,
                Author = mail.From.Mailboxes.FirstOrDefault() is { } from ? from.Name is { Length: > 0 } name ? name : from.Address : null,
                Created = mail.Date == DateTimeOffset.MinValue ? null : mail.Date.ToUniversalTime(),
            };
        }
        catch (FormatException)
        {
            var text = await new PlainTextReader().ReadAsync(content, cancel);
            return text with { Warnings = [.. text.Warnings, "The mail's headers are broken, so it was read as plain text."] };
        }
    }

    private static async Task<ExtractedDocument> ReadMailboxAsync(MimeParser parser, MarkdownWriter writer, DocumentContent content, CancellationToken cancel)
    {
        for (var count = 1; !parser.IsEndOfStream; count++)
        {
            try
            {
                using var mail = await parser.ParseMessageAsync(cancel);
                await WriteAsync(mail, writer, content, cancel);
            }
            catch (FormatException) when (count > 1)
            {
                writer.Warn($"Mail {count} of the mailbox is broken; it and those after it were not read.");
                break;
            }
            content.Progress?.Invoke(new ReadProgress(count, 0, "mail"));
        }
        return writer.ToDocument(content.MediaType);
    }

    private static async Task WriteAsync(MimeMessage mail, MarkdownWriter writer, DocumentContent content, CancellationToken cancel)
    {
        if (!string.IsNullOrWhiteSpace(mail.Subject)) writer.Heading(1, mail.Subject);
        writer.Paragraph(string.Join('\n', new[]
        {
            Header("From", mail.From.ToString()),
            Header("To", mail.To.ToString()),
            Header("Cc", mail.Cc.ToString()),
            Header("Date", mail.Date == DateTimeOffset.MinValue ? "" : mail.Date.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture)),
        }.Where(line => line.Length > 0)));

        var (texts, attachments) = (new List<TextPart>(), new List<MimeEntity>());
        Sort(mail.Body, texts, attachments);
        foreach (var text in texts) WriteText(text, writer, content, cancel);
        if (attachments.Count > content.Limits.MaxArchiveEntries)
            throw new ExtractionException(ExtractionFailure.TooLarge, $"The mail has more than {content.Limits.MaxArchiveEntries} attachments. Send them one by one.");
        foreach (var attachment in attachments) await WriteAttachmentAsync(attachment, writer, content, cancel);
    }

    /// <summary>The parts that make the mail's own text, and the others. Of alternatives, the page says more than the plain text.</summary>
    private static void Sort(MimeEntity? body, List<TextPart> texts, List<MimeEntity> attachments)
    {
        var open = new Stack<MimeEntity?>([body]);
        while (open.TryPop(out var entity))
        {
            switch (entity)
            {
                case MultipartAlternative alternative:
                    // Nested ones hold pages with their pictures.
                    open.Push(alternative.LastOrDefault(part => part is Multipart || (part is TextPart { IsHtml: true } or TextPart { IsPlain: true })) ?? alternative.FirstOrDefault());
                    break;
                case Multipart parts:
                    for (var i = parts.Count - 1; i >= 0; i--) open.Push(parts[i]);
                    break;
                case TextPart { IsAttachment: false } text when text.IsHtml || text.IsPlain || text.IsEnriched || text.FileName is null:
                    texts.Add(text);
                    break;
                case not null:
                    attachments.Add(entity);
                    break;
            }
        }
    }

    private static void WriteText(TextPart part, MarkdownWriter writer, DocumentContent content, CancellationToken cancel)
    {
        var bytes = new MemoryStream();
        part.Content?.DecodeTo(bytes, cancel);
        var raw = bytes.ToArray();
        var decoded = TextDecoding.Decode(raw, part.ContentType.Charset ?? (part.IsHtml ? HtmlReader.DeclaredInside(raw) : null), cancel);
        foreach (var warning in decoded.Warnings) writer.Warn(warning);
        if (part.IsHtml)
        {
            HtmlReader.Write(decoded.Text, writer, content.Limits, null, cancel);
            return;
        }
        var text = MarkdownWriter.Clean(decoded.Text);
        foreach (var paragraph in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            if (paragraph.Trim('\n').Split('\n').All(line => line.StartsWith('>'))) writer.Quote(string.Join('\n', paragraph.Trim('\n').Split('\n').Select(line => line.TrimStart('>', ' '))));
            else writer.Paragraph(paragraph);
        }
    }

    private static async Task WriteAttachmentAsync(MimeEntity attachment, MarkdownWriter writer, DocumentContent content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var bytes = new MemoryStream();
        var (name, type) = (attachment.ContentDisposition?.FileName ?? attachment.ContentType.Name, attachment.ContentType.MimeType);
        switch (attachment)
        {
            case MessagePart { Message: { } message }:
                await message.WriteToAsync(bytes, cancel);
                (name, type) = (name ?? (string.IsNullOrWhiteSpace(message.Subject) ? "mail" : message.Subject) + ".eml", Extraction.MediaTypes.Email);
                break;
            case MimePart { Content: { } data }:
                await data.DecodeToAsync(bytes, cancel);
                break;
        }
        // Pictures within a page, signatures and the like have no name and no text.
        if (name is null && attachment is not MessagePart && !type.StartsWith("text/", StringComparison.Ordinal)) return;
        await DocumentPart.AppendAsync(writer, content, bytes.ToArray(), name ?? "attachment", type, cancel);
    }

    private static string Header(string name, string value) => value.Length == 0 ? "" : $"{name}: {value}";
}
