namespace Ingestion.Tests.Support;

/// <summary>Where the source tree is, and the shared study material where it is present.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Null in a fresh clone without the study material: the project's own copies are used then.</summary>
    public static string? Shared { get; } = Directory.Exists(Path.Combine(Root, "..", "shared", "golden"))
        ? Path.GetFullPath(Path.Combine(Root, "..", "shared"))
        : null;

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Ingestion.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests must run inside the source tree.");
    }
}
