using UglyToad.PdfPig.Graphics;
using UglyToad.PdfPig.Graphics.Colors;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>Text needs no colour, and colour spaces are where much time and many broken files go wrong.</summary>
internal sealed class NoColors : IColorSpaceContext
{
    public static readonly NoColors Instance = new();

    public ColorSpaceDetails CurrentStrokingColorSpace => DeviceGrayColorSpaceDetails.Instance;
    public ColorSpaceDetails CurrentNonStrokingColorSpace => DeviceGrayColorSpaceDetails.Instance;

    public IColorSpaceContext DeepClone() => this;

    public void SetStrokingColorspace(NameToken colorspace, DictionaryToken? dictionary = null)
    {
    }

    public void SetNonStrokingColorspace(NameToken colorspace, DictionaryToken? dictionary = null)
    {
    }

    public void SetStrokingColor(double[] operands, NameToken? patternName = null)
    {
    }

    public void SetStrokingColorGray(double gray)
    {
    }

    public void SetStrokingColorRgb(double r, double g, double b)
    {
    }

    public void SetStrokingColorCmyk(double c, double m, double y, double k)
    {
    }

    public void SetNonStrokingColor(double[] operands, NameToken? patternName = null)
    {
    }

    public void SetNonStrokingColorGray(double gray)
    {
    }

    public void SetNonStrokingColorRgb(double r, double g, double b)
    {
    }

    public void SetNonStrokingColorCmyk(double c, double m, double y, double k)
    {
    }
}
