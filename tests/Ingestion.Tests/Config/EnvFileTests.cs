using Ingestion.Config;

namespace Ingestion.Tests.Config;

public class EnvFileTests
{
    [Theory]
    [InlineData("A=1", "1")]
    [InlineData("  A = 1  ", "1")]
    [InlineData("export A=1", "1")]
    [InlineData("export\tA=1", "1")]
    [InlineData("A=", "")]
    [InlineData("A= # nothing", "")]
    [InlineData("A=50000000  # 50 MB", "50000000")]
    [InlineData("A=1000000\t# 1 millón de caracteres", "1000000")]
    [InlineData("A=pass#word", "pass#word")]
    [InlineData("A=a=b=c", "a=b=c")]
    [InlineData("A=it's", "it's")]
    [InlineData("A=\"two words\" # said", "two words")]
    [InlineData("A=\"a # b\"", "a # b")]
    [InlineData("A=\"say \\\"hi\\\"\\n\\\\ \\d\"", "say \"hi\"\n\\ \\d")]
    [InlineData("A='raw \\n \"x\" # y'", "raw \\n \"x\" # y")]
    [InlineData("A=''", "")]
    [InlineData("A=${B}", "${B}")]
    [InlineData("A=[\"http://localhost:3000\", \"https://app.example.com\"]", "[\"http://localhost:3000\", \"https://app.example.com\"]")]
    [InlineData("A=[\"a # ] b\"] # list", "[\"a # ] b\"]")]
    [InlineData("A=[::1]", "[::1]")]
    [InlineData("\uFEFFA=1", "1")]
    [InlineData("# comment\r\n\r\nA=1\r\n", "1")]
    public void A_line_is_read_as_written(string text, string value)
    {
        var file = EnvFile.Parse(text);
        Assert.Empty(file.Problems);
        Assert.Equal(("A", value), Assert.Single(file.Lines.Select(line => (line.Name, line.Value))));
    }

    [Theory]
    [InlineData("A", "NAME=value")]
    [InlineData("=secretvalue", "name")]
    [InlineData("1A=secretvalue", "digit")]
    [InlineData("A B=secretvalue", "name")]
    [InlineData("A=\"secretvalue", "not closed")]
    [InlineData("A=\"secretvalue\\\"", "not closed")]
    [InlineData("A='secretvalue", "not closed")]
    [InlineData("A=[\"secretvalue\"", "not closed")]
    [InlineData("A=\"a\" secretvalue", "after the closed value")]
    [InlineData("A=[1]#secretvalue", "after the closed value")]
    [InlineData("A=secret\0value", "NUL")]
    public void A_broken_line_is_named_by_its_number_and_its_value_stays_hidden(string line, string part)
    {
        var file = EnvFile.Parse("GOOD=1\n\n" + line + "\nALSO_GOOD=2");
        var problem = Assert.Single(file.Problems);
        Assert.StartsWith(".env, line 3: ", problem);
        Assert.Contains(part, problem);
        Assert.DoesNotContain("secret", problem);
        Assert.Equal(["GOOD", "ALSO_GOOD"], file.Lines.Select(l => l.Name));
    }

    [Fact]
    public void Lines_count_the_same_with_every_line_end()
    {
        foreach (var end in new[] { "\n", "\r\n", "\r" })
            Assert.Equal(4, Assert.Single(EnvFile.Parse($"#{end}{end}#{end}A=1{end}").Lines).Number);
    }

    [Fact]
    public void Whatever_the_file_holds_every_line_is_either_read_or_named()
    {
        const string Alphabet = "AB=#\"'[] \\\t${}\0é\uFEFF";
        var random = new Random(20261123);
        for (var i = 0; i < 20_000; i++)
        {
            var line = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            var file = EnvFile.Parse("FIRST=1\n" + line);
            var isBlank = line.Trim() is "" or ['#', ..];
            Assert.Equal(isBlank ? 1 : 2, file.Lines.Count + file.Problems.Count);
        }
    }
}
