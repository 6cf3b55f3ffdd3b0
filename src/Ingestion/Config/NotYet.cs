namespace Ingestion.Config;

/// <summary>
/// What an operator can ask for and this version cannot do. Asking stops the start: a setting that is ignored is worse than none,
/// above all one that was meant to protect. A feature that arrives takes its line away.
/// </summary>
internal static class NotYet
{
    public static readonly IReadOnlyList<Feature> All = [];

    /// <param name="Sentence">Follows the variable's name and value: why it cannot be, and what to set.</param>
    internal sealed record Feature(string Name, Func<Settings, bool> IsAskedFor, string Sentence);
}
