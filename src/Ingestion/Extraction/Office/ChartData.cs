using System.Globalization;

namespace Ingestion.Extraction.Office;

/// <summary>A chart as the table of its cached values: a row for each category, a column for each series.</summary>
internal sealed class ChartData
{
    /// <summary>Over all series, so that points with absurd indices cannot fill the memory.</summary>
    private int _room = 500_000;

    /// <summary>With the kind of chart; only that where it has no title.</summary>
    public string Title { get; private set; } = "";
    public List<List<string>> Rows { get; } = [];

    public static ChartData Read(XmlPart xml)
    {
        var chart = new ChartData();
        var series = new List<Series>();
        if (!xml.ReadRoot()) return chart;
        var kind = "";
        var root = xml.Depth;
        while (xml.NextDescendant(root))
        {
            if (xml.Name == "ser") series.Add(chart.ReadSeries(xml));
            else if (kind.Length == 0 && KindName(xml.Name) is { } name) kind = name;
            else if (xml.Name == "title" && chart.Title.Length == 0 && series.Count == 0) chart.Title = DrawingText.PlainText(xml).Trim();
        }
        chart.Fill(series);
        chart.Title = chart.Title.Length == 0 ? kind : kind.Length == 0 ? chart.Title : $"{chart.Title} ({kind})";
        return chart;
    }

    /// <summary>"Line chart" for lineChart or line3DChart: what to call a chart that has no title.</summary>
    private static string? KindName(string element)
    {
        if (element.Length <= 5 || !element.EndsWith("Chart", StringComparison.Ordinal)) return null;
        var kind = element[..^5];
        if (kind.EndsWith("3D", StringComparison.Ordinal)) kind = kind[..^2];
        return $"{char.ToUpperInvariant(kind[0])}{kind[1..]} chart";
    }

    private void Fill(List<Series> series)
    {
        var points = series.Count == 0 ? 0 : series.Max(one => Math.Max(one.Categories.Count, one.Values.Count));
        if (points == 0) return;
        var labels = series.Find(one => one.Categories.Count > 0)?.Categories ?? [];
        Rows.Add(["", .. series.Select(one => one.Name)]);
        for (var i = 0; i < points; i++)
            Rows.Add([At(labels, i), .. series.Select(one => At(one.Values, i))]);
    }

    private static string At(List<string> values, int index) => index < values.Count ? values[index] : "";

    private Series ReadSeries(XmlPart xml)
    {
        var series = new Series();
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            switch (xml.Name)
            {
                case "tx": series.Name = ReadValues(xml) is [var name, ..] ? name : ""; break;
                case "cat" or "xVal": series.Categories = ReadValues(xml); break;
                case "val" or "yVal": series.Values = ReadValues(xml); break;
            }
        }
        return series;
    }

    private List<string> ReadValues(XmlPart xml)
    {
        var values = new List<string>();
        var depth = xml.Depth;
        var index = 0;
        while (xml.NextDescendant(depth))
        {
            if (xml.Name == "pt") index = xml.IntAttribute("idx") ?? values.Count;
            if (xml.Name != "v" || index < 0 || index - values.Count >= _room) continue;
            for (; values.Count <= index; _room--) values.Add("");
            values[index] = Rounded(xml.Text());
        }
        return values;
    }

    /// <summary>Cached numbers carry the noise of binary fractions (4.2999999999999998).</summary>
    private static string Rounded(string value) =>
        value.Length > 15 && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number.ToString("G15", CultureInfo.InvariantCulture)
            : value;

    private sealed class Series
    {
        public string Name { get; set; } = "";
        public List<string> Categories { get; set; } = [];
        public List<string> Values { get; set; } = [];
    }
}
