-- Tasks whose lease has run out.
local found = {}
for _, id in ipairs(call('ZRANGE', at('leases'), '-inf', now, 'BYSCORE', 'LIMIT', 0, a.max)) do
  if call('EXISTS', task(id)) == 1 then found[#found + 1] = read(id) else call('ZREM', at('leases'), id) end
end
return found
