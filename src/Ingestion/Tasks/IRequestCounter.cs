namespace Ingestion.Tasks;

/// <summary>Counts tenants' requests over all instances that share an engine. One implementation an engine.</summary>
/// <exception cref="UnavailableException">The count cannot be reached or written now.</exception>
public interface IRequestCounter
{
    /// <summary>Adds one to the tenant's count of a minute and gives the sum; counts of minutes that are over are forgotten some time.</summary>
    /// <param name="minute">Whole minutes since 1970, UTC.</param>
    ValueTask<long> AddAsync(string tenant, long minute, CancellationToken cancel);
}
