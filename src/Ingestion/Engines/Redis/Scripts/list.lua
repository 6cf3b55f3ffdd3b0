-- A tenant's tasks, newest first: one page where an index holds just those that are asked for, else a stretch of all to choose from, so
-- that no call holds the server up. Returns how many there are, or were looked at, and the tasks.
local found = {}
if a.document and a.collection and a.skip then
  local key, start = joined('documents', a.tenant, a.collection), #a.document .. ':' .. a.document
  local from, to = '[' .. start .. ':', '(' .. start .. ';'
  for _, one in ipairs(call('ZRANGE', key, to, from, 'BYLEX', 'REV', 'LIMIT', a.skip, a.size)) do
    found[#found + 1] = read(string.sub(one, #start + 18))
  end
  return { call('ZLEXCOUNT', key, from, to), found }
end

local key, skip = joined('list', a.tenant), a.skip or a.from
local ids = call('LRANGE', key, -skip - a.size, -skip - 1)
for i = #ids, 1, -1 do
  if a.skip then found[#found + 1] = read(ids[i])
  else
    local t = call('HMGET', task(ids[i]), 'state', 'fixed')
    local collection, document = fixed(t[2] or '[]')
    if (not a.state or t[1] == a.state) and (not a.collection or collection == a.collection)
      and (not a.document or document == a.document) then found[#found + 1] = ids[i] end
  end
end
return { a.skip and call('LLEN', key) or #ids, found }
