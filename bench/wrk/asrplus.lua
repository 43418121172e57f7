-- Asks what was answered for a random number from a file; prints what happened as one line of JSON.
-- wrk ... URL -- NUMBERS_FILE CARD [KEY]; no card is asked

local requests = {}

-- Requests are rendered once, so that wrk spends its core on the wire and not on strings.
function init(args)
    local path, key = args[1], args[3]
    local headers = {}
    if key and key ~= "" then
        headers["Authorization"] = "Bearer " .. key
    end
    for number in io.lines(path) do
        local target = "/api/asrplus.json?number=" .. number
        requests[#requests + 1] = wrk.format("GET", target, headers)
    end
    math.randomseed(20000)
end

function request()
    return requests[math.random(#requests)]
end

-- Durations are microseconds, as wrk keeps them.
function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        '\nRESULT {"requests":%d,"duration_us":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,'
            .. '"status":%d,"p50_us":%d,"p99_us":%d}\n',
        summary.requests, summary.duration, summary.bytes, errors.connect, errors.read, errors.write, errors.timeout,
        errors.status, latency:percentile(50), latency:percentile(99)))
end
