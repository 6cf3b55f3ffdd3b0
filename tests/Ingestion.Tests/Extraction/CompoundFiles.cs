using System.Buffers.Binary;
using System.Text;

namespace Ingestion.Tests.Extraction;

/// <summary>Makes the smallest compound file that holds one empty stream of a name.</summary>
public static class CompoundFiles
{
    public static byte[] With(string stream)
    {
        var file = new byte[512 * 3];
        byte[] signature = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        signature.CopyTo(file, 0);
        Short(26, 3);
        Short(28, 0xFFFE);
        Short(30, 9);
        Short(32, 6);
        Word(48, 1); // The directory is sector 1.
        Word(56, 4096);
        Word(60, 0xFFFFFFFE);
        Word(68, 0xFFFFFFFE);
        for (var i = 0; i < 109; i++) Word(76 + (i * 4), i == 0 ? 0 : 0xFFFFFFFF); // The table is sector 0.
        for (var i = 0; i < 128; i++) Word(512 + (i * 4), 0xFFFFFFFF);
        Word(512, 0xFFFFFFFD);
        Word(516, 0xFFFFFFFE);
        Entry(1024, "Root Entry", 5, child: 1);
        Entry(1152, stream, 2, child: 0xFFFFFFFF);
        return file;

        void Entry(int at, string name, byte kind, uint child)
        {
            Encoding.Unicode.GetBytes(name).CopyTo(file, at);
            Short(at + 64, (name.Length + 1) * 2);
            file[at + 66] = kind;
            Word(at + 68, 0xFFFFFFFF);
            Word(at + 72, 0xFFFFFFFF);
            Word(at + 76, child);
            Word(at + 116, 0xFFFFFFFE);
        }

        void Short(int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), (ushort)value);
        void Word(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
    }
}
