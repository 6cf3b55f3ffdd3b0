using System.Buffers.Binary;
using System.Net;

namespace Ingestion.Sources;

/// <summary>Who may be at an address, as far as a client's request to connect there goes.</summary>
public enum AddressReach
{
    /// <summary>Anybody on the internet.</summary>
    Public,

    /// <summary>This machine or its own network: only where the operator allows it.</summary>
    Private,

    /// <summary>Nobody a client may speak to: cloud metadata, link-local, multicast, broadcast, reserved, documentation.</summary>
    Forbidden,
}

/// <summary>Which addresses a client may make the service connect to.</summary>
/// <remarks>
/// Ranges are those of the IANA special-purpose registries. IPv6 is an allow list: only global unicast is public. An IPv4 address
/// inside an IPv6 one counts as that IPv4 address where packets really go there (mapped, NAT64); other disguises are forbidden.
/// </remarks>
public static class AddressGuard
{
    private static readonly (uint Network, int Bits, AddressReach Reach)[] V4 =
    [
        Range("0.0.0.0/8", AddressReach.Forbidden), // "this network": Linux connects to itself
        Range("10.0.0.0/8", AddressReach.Private),
        Range("100.100.100.200/32", AddressReach.Forbidden), // Alibaba metadata
        Range("100.64.0.0/10", AddressReach.Private), // carrier-grade NAT
        Range("127.0.0.0/8", AddressReach.Private),
        Range("168.63.129.16/32", AddressReach.Forbidden), // Azure's host agent
        Range("169.254.0.0/16", AddressReach.Forbidden), // link-local, most clouds' metadata
        Range("172.16.0.0/12", AddressReach.Private),
        Range("192.0.0.0/24", AddressReach.Forbidden), // protocol assignments, Oracle's metadata
        Range("192.0.2.0/24", AddressReach.Forbidden), // documentation
        Range("192.31.196.0/24", AddressReach.Forbidden), // AS112
        Range("192.52.193.0/24", AddressReach.Forbidden), // AMT
        Range("192.88.99.0/24", AddressReach.Forbidden), // 6to4 relays
        Range("192.168.0.0/16", AddressReach.Private),
        Range("192.175.48.0/24", AddressReach.Forbidden), // AS112
        Range("198.18.0.0/15", AddressReach.Forbidden), // benchmarks
        Range("198.51.100.0/24", AddressReach.Forbidden), // documentation
        Range("203.0.113.0/24", AddressReach.Forbidden), // documentation
        Range("224.0.0.0/4", AddressReach.Forbidden), // multicast
        Range("240.0.0.0/4", AddressReach.Forbidden), // reserved, broadcast
    ];

    public static bool IsPublic(IPAddress address) => Classify(address) == AddressReach.Public;

    public static AddressReach Classify(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? ClassifyV4(bytes[..4]) : ClassifyV6(bytes);
    }

    private static AddressReach ClassifyV4(ReadOnlySpan<byte> bytes)
    {
        var address = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        foreach (var (network, bits, reach) in V4)
            if ((address ^ network) >> (32 - bits) == 0) return reach;
        return AddressReach.Public;
    }

    private static AddressReach ClassifyV6(ReadOnlySpan<byte> bytes)
    {
        var high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        var low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);

        if (high == 0 && low == 1) return AddressReach.Private; // ::1
        if (high == 0 && low >> 32 == 0xFFFF) return ClassifyV4(bytes[12..]); // ::ffff:a.b.c.d
        if (high == 0x0064_FF9B_0000_0000 && low >> 32 == 0) return ClassifyV4(bytes[12..]); // 64:ff9b::a.b.c.d, NAT64
        if (IsOfTheCloud(high)) return AddressReach.Forbidden;
        if (high >> 57 == 0xFC >> 1) return AddressReach.Private; // fc00::/7, unique local
        if (high >> 61 != 1) return AddressReach.Forbidden; // all but 2000::/3: ::, link-local, site-local, multicast, compatible, …

        var isSpecial = high >> 41 == 0x2001_0000 >> 9 // 2001::/23: Teredo, ORCHID, benchmarks
            || high >> 32 == 0x2001_0DB8 // documentation
            || high >> 48 == 0x2002 // 6to4
            || high >> 16 == 0x2620_004F_8000 // AS112
            || high >> 44 == 0x3FFF_0; // documentation
        if (isSpecial) return AddressReach.Forbidden;

        // An ISATAP router would pass it on to the IPv4 address at its end.
        var isIsatap = (low >> 32 & 0xFDFF_FFFF) == 0x0000_5EFE;
        return isIsatap && ClassifyV4(bytes[12..]) != AddressReach.Public ? AddressReach.Forbidden : AddressReach.Public;
    }

    /// <summary>fd00:ec2::/32 of AWS (metadata, pod identity, names) and fd20:ce::/32 of Google Cloud.</summary>
    private static bool IsOfTheCloud(ulong high) => high >> 32 is 0xFD00_0EC2 or 0xFD20_00CE;

    private static (uint Network, int Bits, AddressReach Reach) Range(string cidr, AddressReach reach)
    {
        var network = IPNetwork.Parse(cidr);
        Span<byte> bytes = stackalloc byte[4];
        network.BaseAddress.TryWriteBytes(bytes, out _);
        return (BinaryPrimitives.ReadUInt32BigEndian(bytes), network.PrefixLength, reach);
    }
}
