-- The side of `ardour.py` that runs inside Ardour (7 or later, `ardour7-lua ardour.lua FOLDER`): it makes a session
-- with one MIDI track on the running JACK server, and then runs each line that comes on standard input.
-- The answer is the one line that begins with "answer ", or "problem "; everything else is Ardour talking.

io.stdout:setvbuf("line")

local UI = ARDOUR.TransportRequestSource.TRS_UI
local midi = ARDOUR.DataType("midi")

local function midi_channels()
	return ARDOUR.ChanCount(midi, 1)
end

local function answer(word, text)
	print(word .. " " .. tostring(text):gsub("\n", " "))
end

function open(folder)
	AudioEngine:set_backend("JACK", "ardour", "")
	AudioEngine:start(false)
	Session = create_session(folder, "take", 48000)
	local added = Session:new_midi_track(
		midi_channels(), midi_channels(), true, ARDOUR.PluginInfo(), nil, nil, 1, "Take",
		ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true
	)
	track = added:front():to_track():to_midi_track()
	ARDOUR.config():set_send_midi_clock(true)
	return AudioEngine:running()
end

-- Arm the track; the take begins with the next `roll`.
function arm()
	track:rec_enable_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
	Session:maybe_enable_record(false)
	return Session:actively_recording()
end

function roll()
	Session:request_roll(UI)
end

function stop()
	Session:request_stop(false, false, UI)
end

function rolling()
	return Session:transport_rolling()
end

function position()
	return Session:transport_sample()
end

function at_quarter(quarter)
	return Temporal.timepos_t.from_ticks(quarter * Temporal.ticks_per_beat)
end

function sample_of(quarter)
	return at_quarter(quarter):samples()
end

function locate(quarter)
	Session:request_locate(
		sample_of(quarter), false, ARDOUR.LocateTransportDisposition.MustStop, UI
	)
end

-- Set the tempo map to (quarter, bpm), (quarter, bpm), ...
local function with_tempos(...)
	local map = Temporal.TempoMap.fetch_writable()
	local points = {...}
	for index = 1, #points, 2 do
		map:set_tempo(Temporal.Tempo(points[index + 1], points[index + 1], 4), at_quarter(points[index]))
	end
	return map
end

function tempos(...)
	local map = with_tempos(...)
	Temporal.TempoMap.update(map)
	map = nil
	collectgarbage()
end

-- The same while the song plays, at most `early` samples before it gets to a position.
function tempos_before(quarter, early, ...)
	local wanted = sample_of(quarter) - early
	local map = with_tempos(...)
	while Session:transport_rolling() and Session:transport_sample() < wanted do end
	local at = Session:transport_sample()
	Temporal.TempoMap.update(map)
	map = nil
	collectgarbage()
	return at
end

function save()
	return Session:save_state("")
end

local ok, problem = pcall(open, arg[1])
answer(ok and "answer" or "problem", problem)
for line in io.lines() do
	local run, wrong = load("return " .. line)
	if run then
		ok, problem = pcall(run)
		answer(ok and "answer" or "problem", problem)
	else
		answer("problem", wrong)
	end
end
close_session()
quit()
