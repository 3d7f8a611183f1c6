-- Does a batch of operations, and answers each: in one round trip, without operations of others in between.
--
-- ARGV: the prefix of all keys, the time, and the operations, each as its letter and its fields. A name is the letter of
-- a table, a colon, and the key in hexadecimal.
--   p NAME VALUE EXPIRES OWNER QUOTA    g NAME    c NAME BY EXPIRES
-- The value of a name begins with its expiry and its owner, as the caller brings the time. The server's own expiry only frees
-- memory. An owner has two sorted sets: o:OWNER by age, and e:OWNER by expiry.
-- A value in another format counts as missing, and is overwritten.

local prefix, now = ARGV[1], tonumber(ARGV[2])
local at = 3
local dropped, most = 1000, 4294967295

local function field()
  at = at + 1
  return ARGV[at - 1]
end

local function number(value)
  return string.format('%.0f', value)
end

local function write(name, value, expires)
  redis.call('SET', prefix .. name, value, 'EX', number(expires - now))
end

-- Owner, value and expiry of an entry that has not expired.
local function read(name)
  local kept = redis.pcall('GET', prefix .. name)
  if type(kept) ~= 'string' then return end
  local expires, owner, value = string.match(kept, '^(%d+):(%x*):(.*)$')
  if expires and tonumber(expires) > now then return owner, value, tonumber(expires) end
end

local function set(letter, owner)
  local key = prefix .. letter .. ':' .. owner
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'zset' and kind ~= 'none' then redis.call('DEL', key) end
  return key
end

local function unlist(owner, name)
  redis.call('ZREM', set('o', owner), name)
  redis.call('ZREM', set('e', owner), name)
end

-- Puts an entry on the lists of its owner; returns the number of entries that were dropped.
local function list(owner, name, expires, quota)
  local gone_for_it = 0
  local ages, ends = set('o', owner), set('e', owner)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', number(now), 'LIMIT', 0, dropped)) do
    redis.call('ZREM', ages, gone)
    redis.call('ZREM', ends, gone)
  end
  local newest = redis.call('ZREVRANGE', ages, 0, 0, 'WITHSCORES')[2] or 0
  redis.call('ZADD', ages, number(newest + 1), name)
  redis.call('ZADD', ends, number(expires), name)
  local excess = math.min(redis.call('ZCARD', ages) - quota, dropped)
  if excess > 0 then
    for _, oldest in ipairs(redis.call('ZRANGE', ages, 0, excess - 1)) do
      if read(oldest) == owner then
        redis.call('DEL', prefix .. oldest)
        gone_for_it = gone_for_it + 1
      end
      redis.call('ZREM', ages, oldest)
      redis.call('ZREM', ends, oldest)
    end
  end
  local last = redis.call('ZREVRANGE', ends, 0, 0, 'WITHSCORES')[2]
  if last then
    local life = number(math.max(last - now, 1))
    redis.call('EXPIRE', ages, life)
    redis.call('EXPIRE', ends, life)
  end
  return gone_for_it
end

local function put(name, value, expires, owner, quota)
  local before = read(name)
  if before and before ~= '' and (before ~= owner or expires <= now) then unlist(before, name) end
  if expires <= now then
    redis.call('DEL', prefix .. name)
    return 0
  end
  write(name, number(expires) .. ':' .. owner .. ':' .. value, expires)
  return owner ~= '' and list(owner, name, expires, quota) or 0
end

local function count(name, by, expires)
  local _, value, ends = read(name)
  local total = tonumber(string.match(value or '', '^%d+$'))
  if not total then
    total, ends = 0, expires
  end
  total = math.min(total + by, most)
  if by > 0 and ends > now then write(name, number(ends) .. '::' .. number(total), ends) end
  return total
end

local answers = {}
while at <= #ARGV do
  local operation, name = field(), field()
  if operation == 'p' then
    local value, expires, owner, quota = field(), tonumber(field()), field(), tonumber(field())
    answers[#answers + 1] = put(name, value, expires, owner, quota)
  elseif operation == 'g' then
    local _, value = read(name)
    answers[#answers + 1] = value or false
  else
    local by, expires = tonumber(field()), tonumber(field())
    answers[#answers + 1] = count(name, by, expires)
  end
end
return answers
