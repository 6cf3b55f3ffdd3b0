-- How many wait, run and are parked, and when the oldest that waits was accepted.
local oldest = call('ZRANGE', at('waiting'), 0, 0, 'WITHSCORES')
return { call('ZCARD', at('waiting')), call('ZCARD', at('leases')), call('ZCARD', at('parked')), oldest[2] or false }
