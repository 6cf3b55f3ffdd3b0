using System.Numerics.Tensors;
using Ingestion.Embedding.Onnx.Tokens;
using Microsoft.Extensions.AI;
using Microsoft.ML.OnnxRuntime;

namespace Ingestion.Embedding.Onnx;

/// <summary>
/// A sentence-transformer in this process: the mean of its tokens' vectors (or the first one's, where its pooling says so), of length 1.
/// It gives the same for the same text, whatever else is in the batch, but for the last digits.
/// </summary>
public sealed class OnnxGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly SentenceTransformer _transformer;
    private readonly InferenceSession _session;
    private readonly string _output;
    private readonly bool _isPooled;

    /// <param name="folder">With model.onnx and its tokenizer's files.</param>
    /// <exception cref="InvalidDataException">It cannot be used; the message completes "the folder …".</exception>
    public OnnxGenerator(string folder)
    {
        _transformer = SentenceTransformer.Open(folder);
        try
        {
            using var options = new Microsoft.ML.OnnxRuntime.SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            _session = new InferenceSession(_transformer.ModelFile, options);
        }
        catch (OnnxRuntimeException fault)
        {
            throw new InvalidDataException("has a model.onnx that cannot be loaded: " + fault.Message, fault);
        }
        var foreign = _session.InputMetadata.Keys.Except(["input_ids", "attention_mask", "token_type_ids"]).FirstOrDefault();
        if (foreign is not null) throw new InvalidDataException($"has a model with the input {foreign}, which is not supported");
        if (_session.InputMetadata.FirstOrDefault(input => input.Value.ElementDataType != Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64).Key is { } other)
            throw new InvalidDataException($"has a model whose input {other} is not of 64-bit numbers; export it again with int64 inputs");
        var outputs = _session.OutputMetadata.Where(output => output.Value.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float).ToList();
        var pooled = outputs.Find(output => output.Key == "sentence_embedding" && output.Value.Dimensions.Length == 2).Key;
        _isPooled = pooled is not null;
        _output = pooled ?? outputs.Find(output => output.Value.Dimensions.Length == 3).Key
            ?? throw new InvalidDataException("has a model that gives no vectors of tokens (an output of rank 3)");
    }

    public string Model => _transformer.Name;

    /// <summary>What a text itself may have, as the model counts it.</summary>
    public TextLimit Limit => field ??= new(_transformer.MaxTokens - _transformer.Tokenizer.Around, new ModelTokenCounter(Model, _transformer.Tokenizer));

    /// <summary>Null, or what is wrong with the folder.</summary>
    public static string? Check(string folder)
    {
        try
        {
            new OnnxGenerator(folder).Dispose();
            return null;
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return fault.Message;
        }
        catch (Exception fault) when (fault is DllNotFoundException or TypeInitializationException)
        {
            return "cannot be used on this system: the library that runs ONNX models does not load here";
        }
    }

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var ids = values.Select(text => _transformer.Tokenizer.Encode(text)).ToList();
        if (ids.FindIndex(one => one.Count > _transformer.MaxTokens) is >= 0 and var at)
        {
            throw new EmbeddingException(
                $"A text has {ids[at].Count} tokens and {Model} takes {_transformer.MaxTokens}. Ask for smaller chunks, or another chunker.", EmbeddingFault.Refused);
        }
        return Task.Run(() => Run(ids, cancellationToken), cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() => _session.Dispose();

    private GeneratedEmbeddings<Embedding<float>> Run(List<IReadOnlyList<int>> ids, CancellationToken cancel)
    {
        if (ids.Count == 0) return [];
        var length = ids.Max(one => one.Count);
        var (input, mask) = (new long[ids.Count * length], new long[ids.Count * length]);
        var padding = _transformer.Tokenizer.PaddingId;
        for (var row = 0; row < ids.Count; row++)
        {
            for (var column = 0; column < length; column++)
            {
                var isText = column < ids[row].Count;
                (input[row * length + column], mask[row * length + column]) = isText ? (ids[row][column], 1) : (padding, 0);
            }
        }
        long[] shape = [ids.Count, length];
        var inputs = new Dictionary<string, OrtValue>();
        using var run = new RunOptions();
        try
        {
            foreach (var name in _session.InputMetadata.Keys)
            {
                var numbers = name switch { "input_ids" => input, "attention_mask" => mask, _ => new long[input.Length] };
                inputs.Add(name, OrtValue.CreateTensorValueFromMemory(numbers, shape));
            }
            using var stopping = cancel.Register(() => run.Terminate = true);
            using var outputs = _session.Run(run, inputs, [_output]);
            return Pool(outputs[0], ids.Count, length, mask);
        }
        catch (OnnxRuntimeException fault)
        {
            cancel.ThrowIfCancellationRequested();
            throw new EmbeddingException($"The model {Model} failed: {fault.Message}", EmbeddingFault.Refused, inner: fault);
        }
        finally
        {
            foreach (var one in inputs.Values) one.Dispose();
        }
    }

    private GeneratedEmbeddings<Embedding<float>> Pool(OrtValue output, int count, int length, long[] mask)
    {
        var numbers = output.GetTensorDataAsSpan<float>();
        var dimensions = (int)output.GetTensorTypeAndShape().Shape[^1];
        if (numbers.Length != (long)count * dimensions * (_isPooled ? 1 : length))
            throw new EmbeddingException($"The model {Model} gave {numbers.Length} numbers for {count} texts of {length} tokens.", EmbeddingFault.Refused);
        var all = new GeneratedEmbeddings<Embedding<float>>(count);
        for (var row = 0; row < count; row++)
        {
            var vector = new float[dimensions];
            if (_isPooled) numbers.Slice(row * dimensions, dimensions).CopyTo(vector);
            else if (_transformer.TakesFirst) numbers.Slice(row * length * dimensions, dimensions).CopyTo(vector);
            else AddTokens(numbers.Slice(row * length * dimensions, length * dimensions), mask.AsSpan(row * length, length), vector);
            var norm = TensorPrimitives.Norm<float>(vector);
            if (norm > 0) TensorPrimitives.Divide(vector, norm, vector);
            all.Add(new Embedding<float>(vector) { ModelId = Model });
        }
        return all;
    }

    /// <summary>The sum has the direction of the mean, and its length is made 1 anyway.</summary>
    private static void AddTokens(ReadOnlySpan<float> tokens, ReadOnlySpan<long> mask, Span<float> vector)
    {
        for (var token = 0; token < mask.Length; token++)
            if (mask[token] != 0) TensorPrimitives.Add(vector, tokens.Slice(token * vector.Length, vector.Length), vector);
    }
}
