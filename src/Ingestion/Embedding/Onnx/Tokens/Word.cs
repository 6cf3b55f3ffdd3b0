namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>A text, or a part of one.</summary>
/// <param name="Text">Without lone surrogates.</param>
/// <param name="IsFirst">It begins with the very first character of what was given.</param>
internal readonly record struct Word(string Text, bool IsFirst);
