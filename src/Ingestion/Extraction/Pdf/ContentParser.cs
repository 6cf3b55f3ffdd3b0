using System.Collections.Frozen;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Graphics;
using UglyToad.PdfPig.Graphics.Operations;
using UglyToad.PdfPig.Logging;
using UglyToad.PdfPig.Parser;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// A content stream to the operations that say something about text, lines and where they stand. Colours, clips and shadings are left
/// out. The library's own parser goes back over a page for each operator that it does not know, and a damaged page is full of them.
/// </summary>
internal sealed class ContentParser(CancellationToken cancel) : IPageContentParser
{
    private const int MaxDepth = 256;
    private const int MaxOperands = 1_000;

    /// <summary>Of one stream. A page of dense print has 10,000.</summary>
    private const int MaxOperations = 3_000_000;

    private static readonly FrozenSet<string> LeftOut = FrozenSet.Create(
        "w", "J", "j", "M", "d", "ri", "i", "W", "W*", "CS", "cs", "SC", "SCN", "sc", "scn", "G", "g", "RG", "rg", "K", "k", "sh",
        "BX", "EX", "MP", "DP", "d0", "d1", "BI", "ID");

    public IReadOnlyList<IGraphicsStateOperation> Parse(int pageNumber, IInputBytes inputBytes, ILog log)
    {
        var scanner = new CoreTokenScanner(inputBytes, usePdfDocEncoding: false, new StackDepthGuard(MaxDepth), useLenientParsing: true);
        var operations = new List<IGraphicsStateOperation>();
        try
        {
            Parse(scanner, operations);
        }
        catch (PdfDocumentFormatException)
        {
            operations.Add(new CutShort("one of its streams is broken"));
        }
        return operations;
    }

    private void Parse(CoreTokenScanner scanner, List<IGraphicsStateOperation> operations)
    {
        var operands = new List<IToken>();
        (long Offset, int After)? picture = null;
        for (var tokens = 0; scanner.MoveNext(); tokens++)
        {
            if ((tokens & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            if (scanner.CurrentToken is InlineImageDataToken)
            {
                operations.Add(InlinePicture.Value);
                picture = (scanner.CurrentPosition - 2, operations.Count);
            }
            else if (scanner.CurrentToken is OperatorToken { Data: var name })
            {
                if (name == "ET") picture = null;
                if (DrawingOperations.Create(name, operands) is { } operation) operations.Add(operation);
                else if (picture is { } ended && !LeftOut.Contains(name)) picture = Resume(scanner, operations, ended, name == "EI");
                if (operations.Count > MaxOperations)
                {
                    operations.Add(new CutShort($"one of its streams has more than {MaxOperations} operations"));
                    return;
                }
            }
            else
            {
                if (scanner.CurrentToken is not CommentToken && operands.Count < MaxOperands) operands.Add(scanner.CurrentToken);
                continue;
            }
            operands.Clear();
        }
    }

    // The bytes of a picture can hold what looks like its end; what was made of the rest is nothing.
    private static (long Offset, int After) Resume(
        CoreTokenScanner scanner, List<IGraphicsStateOperation> operations, (long Offset, int After) picture, bool isAtEnd)
    {
        if (!isAtEnd) scanner.RecoverFromIncorrectEndImage(picture.Offset);
        operations.RemoveRange(picture.After, operations.Count - picture.After);
        return picture with { Offset = scanner.CurrentPosition - 3 };
    }

    /// <summary>A picture within the content.</summary>
    private sealed class InlinePicture : IGraphicsStateOperation
    {
        public static readonly InlinePicture Value = new();

        public string Operator => "EI";

        public void Run(IOperationContext operationContext) => ((GlyphCollector)operationContext).AddPicture();

        public void Write(Stream stream) => throw new NotSupportedException();
    }

    /// <summary>Stands where the rest of a stream was left out.</summary>
    private sealed class CutShort(string why) : IGraphicsStateOperation
    {
        public string Operator => "";

        public void Run(IOperationContext operationContext) => ((GlyphCollector)operationContext).CutShort(why);

        public void Write(Stream stream) => throw new NotSupportedException();
    }
}
