using System.Text;

namespace Ingestion.Config;

/// <summary>One <c>NAME=value</c> of a <c>.env</c> file.</summary>
/// <param name="Number">Line, from 1.</param>
public readonly record struct EnvLine(int Number, string Name, string Value);

/// <summary>
/// A parsed <c>.env</c> file: <c>NAME=value</c> lines, <c>export</c>, comments on their own line or after a space, single and double
/// quotes, JSON lists. Values are literal: <c>${OTHER}</c> is not expanded.
/// </summary>
/// <param name="Lines">In file order; a name may come twice.</param>
/// <param name="Problems">One sentence for each line that could not be read. Values are never in it: they may be secrets.</param>
public sealed record EnvFile(IReadOnlyList<EnvLine> Lines, IReadOnlyList<string> Problems)
{
    public static EnvFile Parse(string text)
    {
        var lines = new List<EnvLine>();
        var problems = new List<string>();
        var number = 0;
        foreach (var raw in text.AsSpan().TrimStart('\uFEFF').EnumerateLines())
        {
            number++;
            var line = raw.Trim();
            if (line.IsEmpty || line[0] == '#') continue;
            var problem = ReadLine(line, out var name, out var value);
            if (problem is null) lines.Add(new EnvLine(number, name, value));
            else problems.Add($".env, line {number}: {problem}");
        }
        return new EnvFile(lines, problems);
    }

    private static string? ReadLine(ReadOnlySpan<char> line, out string name, out string value)
    {
        (name, value) = ("", "");
        if (line.StartsWith("export") && line.Length > 6 && char.IsWhiteSpace(line[6])) line = line[6..].TrimStart();
        var equals = line.IndexOf('=');
        if (equals < 0) return "expected NAME=value; start the line with # if it is a comment";
        var left = line[..equals].TrimEnd();
        if (!IsName(left)) return "the name before = must be letters, digits and underscores, and not start with a digit";
        if (line.IndexOf('\0') >= 0) return "holds a NUL character";
        name = left.ToString();
        var right = line[(equals + 1)..].TrimStart();
        if (right.IsEmpty) return null;
        return right[0] switch
        {
            '"' => ReadDoubleQuoted(name, right, out value),
            '\'' => ReadSingleQuoted(name, right, out value),
            '[' => ReadList(name, right, out value),
            _ => ReadPlain(right, out value),
        };
    }

    private static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || char.IsAsciiDigit(name[0])) return false;
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c) && c != '_') return false;
        return true;
    }

    /// <summary>A # after a space starts a comment; one inside the value (as in a password) belongs to it.</summary>
    private static string? ReadPlain(ReadOnlySpan<char> text, out string value)
    {
        var end = 0;
        while (end < text.Length && !(text[end] == '#' && (end == 0 || char.IsWhiteSpace(text[end - 1])))) end++;
        value = text[..end].TrimEnd().ToString();
        return null;
    }

    private static string? ReadSingleQuoted(string name, ReadOnlySpan<char> text, out string value)
    {
        value = "";
        var length = text[1..].IndexOf('\'');
        if (length < 0) return $"the quote that {name} opens with ' is not closed on the same line";
        value = text.Slice(1, length).ToString();
        return CheckRest(name, text[(length + 2)..]);
    }

    private static string? ReadDoubleQuoted(string name, ReadOnlySpan<char> text, out string value)
    {
        var unescaped = new StringBuilder(text.Length);
        value = "";
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                value = unescaped.ToString();
                return CheckRest(name, text[(i + 1)..]);
            }
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                unescaped.Append(text[i]);
                continue;
            }
            i++;
            unescaped.Append(text[i] switch
            {
                'n' => "\n",
                'r' => "\r",
                't' => "\t",
                '"' or '\\' or '$' => text.Slice(i, 1),
                _ => text.Slice(i - 1, 2),
            });
        }
        return $"the quote that {name} opens with \" is not closed on the same line";
    }

    private static string? ReadList(string name, ReadOnlySpan<char> text, out string value)
    {
        var quoted = false;
        value = "";
        for (var i = 1; i < text.Length; i++)
        {
            if (quoted && text[i] == '\\') i++;
            else if (text[i] == '"') quoted = !quoted;
            else if (text[i] == ']' && !quoted)
            {
                value = text[..(i + 1)].ToString();
                return CheckRest(name, text[(i + 1)..]);
            }
        }
        return $"the list that {name} opens with [ is not closed on the same line; put '...' around the value if it is not a list";
    }

    private static string? CheckRest(string name, ReadOnlySpan<char> rest) =>
        rest.IsWhiteSpace() || (char.IsWhiteSpace(rest[0]) && rest.TrimStart()[0] == '#')
            ? null
            : $"there is text after the closed value of {name}; start it with a space and # if it is a comment";
}
