using Ingestion.Chunking.Splitting;

namespace Ingestion.Tests.Chunking;

public class AbbreviationsTests
{
    [Theory]
    [InlineData("El Sr. García vive en el núm. 27 de la calle. Es el 3.º piso.", "El Sr. García vive en el núm. 27 de la calle. |Es el 3.º piso.")]
    [InlineData("Véase la pág. 12 y la fig. 3. Fin.", "Véase la pág. 12 y la fig. 3. |Fin.")]
    [InlineData("La Dra. Núñez, de EE. UU. Habló ayer.", "La Dra. Núñez, de EE. UU. |Habló ayer.")]
    [InlineData("Perros, gatos, etc. también vienen. Peras, uvas, etc. Otra frase.", "Perros, gatos, etc. también vienen. |Peras, uvas, etc. |Otra frase.")]
    [InlineData("Mr. Smith met Dr. (Prof. Jones) e.g. Tuesday. Then he left.", "Mr. Smith met Dr. (Prof. Jones) e.g. Tuesday. |Then he left.")]
    [InlineData("Construcciones Díaz, S.A. firmó. Acme Inc. Won.", "Construcciones Díaz, S.A. firmó. |Acme Inc. |Won.")]
    [InlineData("Dijo que no. García se fue.", "Dijo que no. |García se fue.")]
    public void A_sentence_does_not_end_at_an_abbreviation(string text, string sentences)
    {
        List<int> starts = [.. Abbreviations.SentenceStarts(text, 0, text.Length), text.Length];
        Assert.Equal(sentences, string.Join('|', starts.Zip(starts.Skip(1), (start, end) => text[start..end])));
    }
}
