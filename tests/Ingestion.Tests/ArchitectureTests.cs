namespace Ingestion.Tests;

public class ArchitectureTests
{
    [Fact]
    public void The_repository_has_its_root_files() => Assert.True(File.Exists(Path.Combine(Support.Repository.Root, "LICENSE")));
}
