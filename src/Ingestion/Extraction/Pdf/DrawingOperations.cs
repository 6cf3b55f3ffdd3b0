using UglyToad.PdfPig.Graphics.Operations;
using UglyToad.PdfPig.Graphics.Operations.MarkedContent;
using UglyToad.PdfPig.Graphics.Operations.PathConstruction;
using UglyToad.PdfPig.Graphics.Operations.PathPainting;
using UglyToad.PdfPig.Graphics.Operations.SpecialGraphicsState;
using UglyToad.PdfPig.Graphics.Operations.TextObjects;
using UglyToad.PdfPig.Graphics.Operations.TextPositioning;
using UglyToad.PdfPig.Graphics.Operations.TextShowing;
using UglyToad.PdfPig.Graphics.Operations.TextState;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>Operators of a content stream, with the operands before them, to operations.</summary>
internal static class DrawingOperations
{
    /// <summary>Null where the operator is of no use to a text, or its operands are not what it needs. Of too many, the last ones count.</summary>
    public static IGraphicsStateOperation? Create(string name, List<IToken> operands)
    {
        Span<double> n = stackalloc double[6];
        switch (name)
        {
            case "q": return Push.Value;
            case "Q": return Pop.Value;
            case "cm": return Take(operands, n) ? new ModifyCurrentTransformationMatrix(n.ToArray()) : null;
            case "gs": return operands is [.., NameToken state] ? new SetGraphicsStateParametersFromDictionary(state) : null;
            case "Do": return operands is [.., NameToken drawn] ? new InvokeNamedXObject(drawn) : null;

            case "m": return Take(operands, n[..2]) ? new BeginNewSubpath(n[0], n[1]) : null;
            case "l": return Take(operands, n[..2]) ? new AppendStraightLineSegment(n[0], n[1]) : null;
            case "c": return Take(operands, n) ? new AppendDualControlPointBezierCurve(n[0], n[1], n[2], n[3], n[4], n[5]) : null;
            case "v": return Take(operands, n[..4]) ? new AppendStartControlPointBezierCurve(n[0], n[1], n[2], n[3]) : null;
            case "y": return Take(operands, n[..4]) ? new AppendEndControlPointBezierCurve(n[0], n[1], n[2], n[3]) : null;
            case "re": return Take(operands, n[..4]) ? new AppendRectangle(n[0], n[1], n[2], n[3]) : null;
            case "h": return CloseSubpath.Value;
            case "S": return StrokePath.Value;
            case "s": return CloseAndStrokePath.Value;
            case "f": return FillPathNonZeroWinding.Value;
            case "F": return FillPathNonZeroWindingCompatibility.Value;
            case "f*": return FillPathEvenOddRule.Value;
            case "B": return FillPathNonZeroWindingAndStroke.Value;
            case "B*": return FillPathEvenOddRuleAndStroke.Value;
            case "b": return CloseFillPathNonZeroWindingAndStroke.Value;
            case "b*": return CloseFillPathEvenOddRuleAndStroke.Value;
            case "n": return EndPath.Value;

            case "BT": return BeginText.Value;
            case "ET": return EndText.Value;
            case "Tc": return Take(operands, n[..1]) ? new SetCharacterSpacing(n[0]) : null;
            case "Tw": return Take(operands, n[..1]) ? new SetWordSpacing(n[0]) : null;
            case "Tz": return Take(operands, n[..1]) ? new SetHorizontalScaling(n[0]) : null;
            case "TL": return Take(operands, n[..1]) ? new SetTextLeading(n[0]) : null;
            case "Ts": return Take(operands, n[..1]) ? new SetTextRise(n[0]) : null;
            case "Tr": return Take(operands, n[..1]) ? new SetTextRenderingMode((int)n[0]) : null;
            case "Tf": return operands is [.., NameToken font, NumericToken size] ? new SetFontAndSize(font, size.Double) : null;
            case "Td": return Take(operands, n[..2]) ? new MoveToNextLineWithOffset(n[0], n[1]) : null;
            case "TD": return Take(operands, n[..2]) ? new MoveToNextLineWithOffsetSetLeading(n[0], n[1]) : null;
            case "Tm": return Take(operands, n) ? new SetTextMatrix(n.ToArray()) : null;
            case "T*": return MoveToNextLine.Value;
            case "TJ": return operands is [.., ArrayToken texts] ? new ShowTextsWithPositioning(texts.Data) : null;
            case "Tj":
                return operands switch
                {
                    [.., StringToken text] => new ShowText(text.Data),
                    [.., HexToken text] => new ShowText(text.Memory),
                    _ => null,
                };
            case "'":
                return operands switch
                {
                    [.., StringToken text] => new MoveToNextLineShowText(text.Data),
                    [.., HexToken text] => new MoveToNextLineShowText(text.Memory),
                    _ => null,
                };
            case "\"":
                return operands switch
                {
                    [.., NumericToken words, NumericToken letters, StringToken text] =>
                        new MoveToNextLineShowTextWithSpacing(words.Double, letters.Double, text.Data),
                    [.., NumericToken words, NumericToken letters, HexToken text] =>
                        new MoveToNextLineShowTextWithSpacing(words.Double, letters.Double, text.Memory),
                    _ => null,
                };

            case "BMC": return operands is [.., NameToken marked] ? new BeginMarkedContent(marked) : null;
            case "BDC":
                return operands switch
                {
                    [.., NameToken tag, NameToken properties] => new BeginMarkedContentWithProperties(tag, properties),
                    [.., NameToken tag, DictionaryToken properties] => new BeginMarkedContentWithProperties(tag, properties),
                    _ => null,
                };
            case "EMC": return EndMarkedContent.Value;
            default: return null;
        }
    }

    private static bool Take(List<IToken> operands, Span<double> numbers)
    {
        var first = operands.Count - numbers.Length;
        if (first < 0) return false;
        for (var i = 0; i < numbers.Length; i++)
        {
            if (operands[first + i] is not NumericToken number) return false;
            numbers[i] = number.Double;
        }
        return true;
    }
}
