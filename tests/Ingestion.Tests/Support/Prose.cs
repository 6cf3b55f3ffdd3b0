using System.Text;

namespace Ingestion.Tests.Support;

/// <summary>Texts that look like texts, each its own, with letters beyond ASCII and beyond the first plane.</summary>
public static class Prose
{
    private static readonly string[] Words =
    [
        "archivo", "report", "año", "measure", "größe", "river", "camión", "ledger", "niño", "harbour", "corazón", "signal", "😀",
        "library", "pingüino", "contract", "título", "engine", "façade", "winter",
    ];

    public static string Of(int seed, int length)
    {
        var random = new Random(seed);
        var text = new StringBuilder(length + 100).Append("# Document ").Append(seed).Append("\n\n");
        while (text.Length < length)
        {
            text.Append("Sentence ").Append(random.Next(1_000_000));
            for (var words = random.Next(5, 15); words > 0; words--) text.Append(' ').Append(Words[random.Next(Words.Length)]);
            text.Append(random.Next(8) == 0 ? ".\n\n" : ". ");
        }
        return text.ToString();
    }
}
