using System.Buffers.Binary;
using System.Text;

namespace Ingestion.Tests.Embedding;

/// <summary>A folder with a model of one layer: each token has two numbers, and they are its vector. Written byte by byte.</summary>
internal sealed class TinyModel : IDisposable
{
    public static readonly string[] Words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hola", "mundo", "camion", "##es", "."];

    private TinyModel(DirectoryInfo folder) => Folder = folder.FullName;

    public string Folder { get; }

    /// <summary>Of the token with that id.</summary>
    public static (float X, float Y) NumbersOf(int id) => (id * 0.5f - 1, 3 - id);

    /// <param name="maxTokens">Of a text, the two around it included.</param>
    public static TinyModel Make(int maxTokens = 12)
    {
        var model = new TinyModel(Directory.CreateTempSubdirectory("tiny-model-"));
        model.Write("model.onnx", Model());
        model.Write("vocab.txt", Encoding.UTF8.GetBytes(string.Join('\n', Words)));
        model.Write("sentence_bert_config.json", Encoding.UTF8.GetBytes($$"""{"max_seq_length":{{maxTokens}}}"""));
        return model;
    }

    public void Write(string name, byte[] bytes)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }

    public void Delete(string name) => File.Delete(Path.Combine(Folder, name));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>ModelProto: last_hidden_state = Gather(numbers, input_ids).</summary>
    private static byte[] Model()
    {
        var numbers = new byte[Words.Length * 2 * sizeof(float)];
        for (var id = 0; id < Words.Length; id++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(numbers.AsSpan(id * 8), NumbersOf(id).X);
            BinaryPrimitives.WriteSingleLittleEndian(numbers.AsSpan(id * 8 + 4), NumbersOf(id).Y);
        }
        byte[] tensor = [.. Number(1, Words.Length), .. Number(1, 2), .. Number(2, 1), .. Text(8, "numbers"), .. Bytes(9, numbers)];
        byte[] axis = [.. Text(1, "axis"), .. Number(3, 0), .. Number(20, 2)];
        byte[] gather = [.. Text(1, "numbers"), .. Text(1, "input_ids"), .. Text(2, "last_hidden_state"), .. Text(4, "Gather"), .. Bytes(5, axis)];
        byte[] graph =
        [
            .. Bytes(1, gather), .. Text(2, "tiny"), .. Bytes(5, tensor), .. Bytes(11, Value("input_ids", 7, 2)), .. Bytes(11, Value("attention_mask", 7, 2)),
            .. Bytes(12, Value("last_hidden_state", 1, 3)),
        ];
        return [.. Number(1, 8), .. Bytes(8, Number(2, 13)), .. Bytes(7, graph)];
    }

    /// <summary>A tensor of that rank, of any size but two numbers a token.</summary>
    private static byte[] Value(string name, int type, int rank)
    {
        byte[] shape = [.. Bytes(1, Text(2, "batch")), .. Bytes(1, Text(2, "length")), .. rank == 3 ? Bytes(1, Number(1, 2)) : []];
        return [.. Text(1, name), .. Bytes(2, Bytes(1, [.. Number(1, type), .. Bytes(2, shape)]))];
    }

    private static byte[] Number(int field, int value) => [.. Varint(field << 3), .. Varint(value)];

    private static byte[] Bytes(int field, byte[] value) => [.. Varint(field << 3 | 2), .. Varint(value.Length), .. value];

    private static byte[] Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    private static byte[] Varint(int value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
