-- The rate look-up inside nginx: key check, quota, longest prefix, JSON.

local rate = {}

local decks = {} -- card name -> { tails = prefix -> rest of the JSON body, longest = digits of the longest prefix }
local accounts = {} -- whole Authorization header -> account name
local quota = ngx.shared.quota
local QUOTA_LIMIT = 1e15 -- requests an account may make; so far off that the check is always made and never met

local OPEN = '{"number":"'
local NO_KEY = '{"error":{"code":401,"reason":"Token is invalid"}}'
local OVER_QUOTA = '{"error":{"code":429,"reason":"Rate Limiting Applied."}}'
local NO_CARD = '{"error":{"code":404,"reason":"Not Found"}}'
local NO_RATE = '{"error":{"code":404,"reason":"No rate for number","verdict":"no_rate","sip_code":404}}'
local BAD_NUMBER = '{"error":{"code":400,"reason":"Invalid Parameter \'number\'"}}'

-- Read "prefix TAB rest of body" lines into the card `bench`, and let one key in.
function rate.load(path, key)
    local deck = { tails = {}, longest = 0 }
    for line in io.lines(path) do
        local prefix, tail = line:match("^(%d+)\t(.*)$")
        deck.tails[prefix] = tail
        deck.longest = math.max(deck.longest, #prefix)
    end
    decks.bench = deck
    accounts["Bearer " .. key] = "bench"
end

local function reply(status, body)
    local headers = ngx.header
    ngx.status = status
    headers["Content-Length"] = #body
    ngx.print(body)
end

-- The rest of the body for the longest prefix of `number`, or nil.
local function longest_match(deck, number)
    local tails = deck.tails
    for length = math.min(#number, deck.longest), 1, -1 do
        local tail = tails[number:sub(1, length)]
        if tail then
            return tail
        end
    end
    return nil
end

function rate.answer()
    local var = ngx.var
    local account = accounts[var.http_authorization]
    if not account then
        return reply(401, NO_KEY)
    end
    if quota:incr(account, 1, 0) > QUOTA_LIMIT then
        return reply(429, OVER_QUOTA)
    end
    local deck = decks[var.arg_card]
    if not deck then
        return reply(404, NO_CARD)
    end
    local number = var.arg_number
    if not number or number:find("%D") then
        return reply(400, BAD_NUMBER)
    end
    local tail = longest_match(deck, number)
    if not tail then
        return reply(404, NO_RATE)
    end
    return reply(200, OPEN .. number .. tail)
end

return rate
