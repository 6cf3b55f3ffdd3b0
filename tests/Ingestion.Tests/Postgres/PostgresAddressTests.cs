using Ingestion.Postgres;

namespace Ingestion.Tests.Postgres;

public sealed class PostgresAddressTests
{
    [Fact]
    public void An_address_says_all_that_a_connection_needs()
    {
        var address = PostgresAddress.Parse("postgres://ana:p%40ss%2Fw@db.example:5433/chunks%201?sslmode=verify-full&sslrootcert=/ca.pem&max_connections=7");

        Assert.Equal(("db.example:5433", "ana", "p@ss/w", "chunks 1"), (address.Host, address.Username, address.Password, address.Database));
        Assert.Equal((Npgsql.SslMode.VerifyFull, "/ca.pem", 7), (address.SslMode, address.RootCertificate, address.MaxPoolSize));
    }

    [Theory]
    [InlineData("postgresql://localhost/x", "localhost", null)]
    [InlineData("postgres://u@h1,h2:5433/x", "h1,h2:5433", "u")]
    [InlineData("postgres://u:@[::1]:5432/x", "[::1]:5432", "u")]
    public void Parts_may_be_left_out(string url, string host, string? user)
    {
        var address = PostgresAddress.Parse(url);
        Assert.Equal((host, user, "x"), (address.Host, address.Username, address.Database));
    }

    [Theory]
    [InlineData("postgres://u:p@/x", "must name a host")]
    [InlineData("postgres://h", "must name a database")]
    [InlineData("postgres://h/", "must name a database")]
    [InlineData("postgres://h/x?sslmode=perhaps", "sslmode cannot be perhaps")]
    [InlineData("postgres://h/x?max_connections=", "max_connections cannot be empty")]
    [InlineData("postgres://h/x?colour=red", "colour is not known; known are sslmode")]
    public void What_is_wrong_is_said(string url, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => PostgresAddress.Parse(url)).Message, StringComparison.Ordinal);
}
