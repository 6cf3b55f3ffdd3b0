using System.Text;
using Ingestion.Config;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Config;

/// <summary>The two files that operators read say what the table of variables says. UPDATE_GOLDEN=1 writes them anew.</summary>
public class ConfigurationReferenceTests
{
    private const string Begin = "<!-- variables -->";
    private const string End = "<!-- /variables -->";

    private static readonly string Example = Path.Combine(Repository.Root, ".env.example");
    private static readonly string Reference = Path.Combine(Repository.Root, "docs", "configuration.md");

    [Fact]
    public void The_example_file_lists_every_variable_with_its_default() => AssertFile(Example, ExampleText());

    [Fact]
    public void The_reference_lists_every_variable_with_its_default()
    {
        var text = File.ReadAllText(Reference);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        AssertFile(Reference, text[..begin] + "\n" + ReferenceText() + text[end..]);
    }

    [Fact]
    public void The_example_file_starts_the_service_with_its_defaults()
    {
        var result = SettingsReader.Read(new Dictionary<string, string?>(), File.ReadAllText(Example));
        Assert.Empty(result.Problems);
        Assert.Empty(result.Warnings);
        Assert.Equal(new Settings(), result.Settings);
    }

    [Fact]
    public void Every_setting_can_be_set_and_every_name_is_there_once()
    {
        var computed = new[] { nameof(Settings.HasAuthentication), nameof(Settings.EffectiveHost) };
        var settings = typeof(Settings).GetProperties().Select(property => property.Name).Except(computed);
        var names = Variables.All.Select(variable => variable.Name.Replace("_", ""));
        Assert.Equal(settings.Select(name => name.ToUpperInvariant()).Order(), names.Order());
    }

    private static void AssertFile(string path, string expected)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(path, expected);
        Assert.Equal(expected, File.ReadAllText(path));
    }

    private static string ExampleText()
    {
        var text = new StringBuilder("# Copy to .env and change what you need. Empty is not set. docs/configuration.md says more.\n");
        foreach (var section in Variables.Sections)
        {
            text.Append("\n# ").Append(section.Title).Append('\n');
            foreach (var variable in section.Variables)
                text.Append("# " + variable.Meaning + "\n" + variable.Name + "=" + variable.Default + "\n");
        }
        return text.ToString();
    }

    private static string ReferenceText()
    {
        var text = new StringBuilder();
        foreach (var section in Variables.Sections)
        {
            text.Append("\n### ").Append(section.Title).Append("\n\n| name | default | meaning | allowed |\n|---|---|---|---|\n");
            foreach (var variable in section.Variables)
            {
                var standard = variable.Default is null ? "not set" : $"`{variable.Default}`";
                text.AppendJoin(" | ", $"| `{variable.Name}`", standard, variable.Meaning, variable.Allowed + " |\n");
            }
        }
        return text.Append('\n').ToString();
    }
}
