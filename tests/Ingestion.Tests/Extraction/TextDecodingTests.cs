using System.Text;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

public class TextDecodingTests
{
    private const string Spanish = "El año pasado, el niño comió paella en España. ¿Qué pasó después, señor? La canción hablaba del corazón.";

    [Theory]
    [InlineData("utf-8"), InlineData("utf-16"), InlineData("utf-16BE"), InlineData("utf-32"), InlineData("utf-32BE")]
    public void A_byte_order_mark_decides(string charset)
    {
        var encoding = Encoding.GetEncoding(charset);
        var decoded = Decode([.. encoding.GetPreamble(), .. encoding.GetBytes(Spanish)], "windows-1252");
        Assert.Equal(Spanish, decoded.Text);
        Assert.Empty(decoded.Warnings);
    }

    [Theory]
    [InlineData("windows-1252", Spanish)]
    [InlineData("iso-8859-1", Spanish)]
    [InlineData("shift_jis", "日本語の文章です。今日は天気がいいですね。")]
    [InlineData("gb2312", "这是一个中文句子，今天天气很好。")]
    [InlineData("koi8-r", "Это русский текст, погода сегодня хорошая.")]
    [InlineData("utf-16", Spanish)]
    [InlineData("\"UTF-8\"", Spanish)]
    public void A_declared_charset_is_used(string charset, string text)
    {
        var decoded = Decode(TextDecoding.ByName(charset)!.GetBytes(text), charset);
        Assert.Equal(text, decoded.Text);
        Assert.Empty(decoded.Warnings);
    }

    [Theory]
    [InlineData("windows-1252", Spanish)]
    [InlineData("shift_jis", "日本語の文章です。今日は天気がいいですね。明日は雨が降るかもしれません。")]
    [InlineData("gb18030", "这是一个中文句子，今天天气很好，我们去公园散步，然后回家吃饭。")]
    [InlineData("windows-1251", "Это довольно длинный русский текст, чтобы его кодировку можно было угадать без ошибки.")]
    public void An_undeclared_charset_is_guessed_and_the_guess_is_told(string charset, string text)
    {
        var decoded = Decode(TextDecoding.ByName(charset)!.GetBytes(text), null);
        Assert.Equal(text, decoded.Text);
        Assert.Contains("guess", Assert.Single(decoded.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utf-16"), InlineData("utf-16BE")]
    public void Utf_16_without_a_mark_is_known_by_its_zeros(string charset) =>
        Assert.Equal(Spanish, Decode(Encoding.GetEncoding(charset).GetBytes(Spanish), null).Text);

    [Theory]
    [InlineData("iso-8859-1"), InlineData("utf-16"), InlineData("windows-1250")]
    public void Utf_8_is_read_as_such_whatever_a_header_says(string charset)
    {
        var decoded = Decode(Encoding.UTF8.GetBytes(Spanish), charset);
        Assert.Equal(Spanish, decoded.Text);
        Assert.Contains("declared", Assert.Single(decoded.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_byte_does_not_turn_utf_8_into_another_charset()
    {
        var bytes = Encoding.UTF8.GetBytes(Spanish);
        bytes[8] = 0xFF;
        var decoded = Decode(bytes, null);
        Assert.Contains("corazón", decoded.Text, StringComparison.Ordinal);
        Assert.Contains("could not be read", Assert.Single(decoded.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_charset_is_told_and_not_trusted()
    {
        var decoded = Decode("text"u8.ToArray(), "klingon");
        Assert.Equal("text", decoded.Text);
        Assert.Contains("klingon", Assert.Single(decoded.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_in_the_wrong_charset_is_told() =>
        Assert.NotEmpty(Decode(TextDecoding.ByName("ibm850")!.GetBytes("Un café en México"), "iso-8859-2").Warnings);

    private static DecodedText Decode(byte[] bytes, string? charset) => TextDecoding.Decode(bytes, charset, TestContext.Current.CancellationToken);
}
