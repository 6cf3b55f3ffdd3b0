-- As much is looked at in one call, tasks with all that was asked for beside them, so that none holds the server up.
local MOST_LOOKED_AT = 1048576

-- A tenant's tasks, newest first: one page (skip) where an index holds just those that are asked for, else a stretch of all to choose from
-- (from). Returns how many there are, or were looked at, none at the end, and the tasks.
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
  if skip ~= '' then
    for i = #ids, 1, -1 do found[#found + 1] = read(ids[i]) end
    return { call('LLEN', key), found }
  end
  local looked_at, bytes = 0, 0
  while looked_at < #ids and bytes < MOST_LOOKED_AT do
    local id = ids[#ids - looked_at]
    looked_at = looked_at + 1
    local there = call('HGET', task(id), 'head')
    local fits = there and (state == '' or head_of(there)[STATE] == tonumber(state))
    if fits and (wanted_collection ~= '' or wanted_document ~= '') then
      local asked = call('HGET', task(id), 'accepted')
      local _, _, _, collection, document = accepted(id, asked)
      bytes = bytes + #asked
      fits = (wanted_collection == '' or collection == wanted_collection) and (wanted_document == '' or document == wanted_document)
    end
    if fits then found[#found + 1] = id end
  end
  return { looked_at, found }
end)
