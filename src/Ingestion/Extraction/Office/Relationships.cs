namespace Ingestion.Extraction.Office;

/// <summary>What a part points at: other parts by their full name, or addresses outside the package.</summary>
internal sealed class Relationships
{
    public static readonly Relationships None = new();

    private readonly Dictionary<string, Relationship> _byId = new(StringComparer.Ordinal);

    public static Relationships Read(XmlPart xml, string folder)
    {
        var relationships = new Relationships();
        if (!xml.ReadRoot()) return relationships;
        var depth = xml.Depth;
        while (xml.NextChild(depth))
        {
            string id = "", type = "", target = "";
            var external = false;
            while (xml.NextAttribute())
            {
                switch (xml.Name)
                {
                    case "Id": id = xml.Value; break;
                    case "Type": type = xml.Value; break;
                    case "Target": target = xml.Value; break;
                    case "TargetMode": external = xml.Value == "External"; break;
                }
            }
            type = type[(type.LastIndexOf('/') + 1)..];
            relationships._byId.TryAdd(id, new Relationship(type, external ? target : Resolve(folder, target), external));
        }
        return relationships;
    }

    public IEnumerable<Relationship> All => _byId.Values;

    /// <summary>The name of a part; null for an unknown id and for what lies outside the package.</summary>
    public string? Part(string? id) => id is not null && _byId.TryGetValue(id, out var found) && !found.External ? found.Target : null;

    /// <summary>An address outside the package, as a hyperlink has it.</summary>
    public string? Address(string? id) => id is not null && _byId.TryGetValue(id, out var found) && found.External ? found.Target : null;

    /// <param name="type">The last word of the type's address, which strict and transitional documents share.</param>
    public string? PartOfType(string type)
    {
        foreach (var relationship in _byId.Values)
            if (relationship.Type == type && !relationship.External) return relationship.Target;
        return null;
    }

    /// <inheritdoc cref="PartOfType"/>
    public IEnumerable<string> PartsOfType(string type) =>
        _byId.Values.Where(relationship => relationship.Type == type && !relationship.External).Select(relationship => relationship.Target);

    private static string Resolve(string folder, string target)
    {
        if (target.StartsWith('/')) return target.TrimStart('/');
        var steps = new List<string>();
        foreach (var step in (folder + target).Replace('\\', '/').Split('/'))
        {
            if (step == ".." && steps.Count > 0) steps.RemoveAt(steps.Count - 1);
            else if (step is not ("" or "." or "..")) steps.Add(step);
        }
        return string.Join('/', steps);
    }
}

/// <param name="Type">The last word of the type's address, such as "hyperlink".</param>
internal readonly record struct Relationship(string Type, string Target, bool External);
