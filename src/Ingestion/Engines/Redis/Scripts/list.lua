-- A tenant's tasks, newest first: one page (skip) where an index holds just those that are asked for, else a stretch of all to choose from
-- (from), so that no call holds the server up. Returns how many there are, or were looked at, and the tasks.
register('list', function()
  local tenant, wanted_collection, wanted_document, state, skip, from, size = unpack(ARGV, 2)
  local found = {}
  if wanted_document ~= '' and wanted_collection ~= '' and skip ~= '' then
    local key, start = joined('documents', tenant, wanted_collection), #wanted_document .. ':' .. wanted_document
    local first, last = '[' .. start .. ':', '(' .. start .. ';'
    for _, one in ipairs(call('ZRANGE', key, last, first, 'BYLEX', 'REV', 'LIMIT', skip, size)) do
      found[#found + 1] = read(string.sub(one, #start + 18))
    end
    return { call('ZLEXCOUNT', key, first, last), found }
  end

  local key, passed = joined('list', tenant), skip ~= '' and skip or from
  local ids = call('LRANGE', key, -passed - size, -passed - 1)
  for i = #ids, 1, -1 do
    local id = ids[i]
    if skip ~= '' then found[#found + 1] = read(id)
    else
      local there = call('HGET', task(id), 'head')
      if there and (state == '' or head_of(there)[STATE] == tonumber(state)) then
        local _, _, _, collection, document = accepted(id)
        if (wanted_collection == '' or collection == wanted_collection) and (wanted_document == '' or document == wanted_document) then
          found[#found + 1] = id
        end
      end
    end
  end
  return { skip ~= '' and call('LLEN', key) or #ids, found }
end)
