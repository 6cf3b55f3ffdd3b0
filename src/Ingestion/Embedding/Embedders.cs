namespace Ingestion.Embedding;

/// <summary>The list of providers, by the name that operators write in EMBEDDING_PROVIDER.</summary>
public static class Embedders
{
}
