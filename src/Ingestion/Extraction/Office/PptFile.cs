namespace Ingestion.Extraction.Office;

/// <summary>
/// The objects of a PPT by their numbers. Each saving may only append what changed: the newest place of an object is the one that counts.
/// </summary>
internal sealed class PptFile
{
    private const int MaxEdits = 10_000;
    private const uint LockedMark = 0xF3D1C4DF;

    private readonly byte[] _stream;
    private readonly Dictionary<uint, uint> _places = [];
    private readonly uint _document;

    /// <exception cref="ExtractionException">Encrypted or Corrupt.</exception>
    public PptFile(byte[] stream, byte[] currentUser)
    {
        _stream = stream;
        var user = PptRecord.At(currentUser, 0, currentUser.Length) ?? throw PptReader.Broken("it does not say where its newest state is");
        if (user.Word(4) == LockedMark) throw OfficePackage.Encrypted();
        long at = user.Word(8);
        for (var edits = 0; edits < MaxEdits; edits++)
        {
            if (PptRecord.At(stream, at, stream.Length) is not { Type: PptType.UserEdit } edit) break;
            if (edits == 0) _document = edit.Word(16);
            if (edit.Bytes.Length >= 32 && edit.Word(28) != 0) throw OfficePackage.Encrypted();
            ReadPlaces(edit.Word(12));
            var earlier = edit.Word(8);
            // Edits only point back; anything else is a circle.
            if (earlier == 0 || earlier >= at) break;
            at = earlier;
        }
    }

    public PptRecord Document =>
        Find(_document) is { Type: PptType.Document } document ? document : throw PptReader.Broken("its main part is missing");

    public PptRecord? Find(uint number) =>
        _places.TryGetValue(number, out var place) ? PptRecord.At(_stream, place, _stream.Length) : null;

    // Runs of objects: the first one's number in 20 bits and how many they are in 12, then their places.
    private void ReadPlaces(uint directory)
    {
        if (PptRecord.At(_stream, directory, _stream.Length) is not { Type: PptType.PersistDirectory } places) return;
        for (var at = 0; at + 4 <= places.Bytes.Length;)
        {
            var (first, count) = (places.Word(at) & 0xFFFFF, places.Word(at) >> 20);
            at += 4;
            for (uint i = 0; i < count && at + 4 <= places.Bytes.Length; i++, at += 4) _places.TryAdd(first + i, places.Word(at));
        }
    }
}
