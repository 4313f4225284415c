-- A registrar and proxy: phones register here and call each other.
--
--   cargo run --release -p sip-lua --bin ksr -- run examples/lua/basic.lua
--
-- It does what the registrar-proxy of this folder's neighbour does, in the Lua of Kamailio's KEMI.
-- With --users FILE, which defines WITH_AUTH, everybody is asked for his password, registers himself alone and calls
-- under his own name. Without, there is no authentication: do not put it on a public network like that.

function ksr_request_route()
	if KSR.maxfwd.process_maxfwd(10) < 0 then
		KSR.sl.sl_send_reply(483, "Too Many Hops")
		return
	end
	if KSR.is_CANCEL() then
		ksr_route_cancel()
	elseif KSR.siputils.has_totag() > 0 then
		ksr_route_withindlg()
	elseif KSR.is_ACK() then
		return -- of no call that we know: never answered
	elseif KSR.kx.ifdef("WITH_AUTH") and not ksr_route_auth() then
		return -- has its answer
	elseif KSR.is_REGISTER() then
		ksr_route_register()
	elseif not KSR.is_myself_ruri() then
		KSR.sl.sl_send_reply(403, "Forbidden")
	elseif KSR.corex.has_ruri_user() < 0 then
		ksr_route_server()
	else
		ksr_route_call()
	end
end

-- Whether the sender is who he says. The realm is the domain of From, where that is ours.
function ksr_route_auth()
	local realm = KSR.pv.gete("$Ri")
	if KSR.is_myself_furi() then
		realm = KSR.kx.gete_fhost()
	end
	local code = KSR.auth_db.auth_check(realm, "subscriber", 1)
	if code == -8 then
		KSR.sl.sl_send_reply(403, "Forbidden") -- somebody else
		return false
	elseif code < 0 then
		KSR.auth.auth_challenge(realm, 1)
		return false
	end
	if not KSR.is_REGISTER() then
		KSR.auth.consume_credentials()
	end
	return true
end

function ksr_route_cancel()
	if KSR.tm.t_check_trans() > 0 then
		KSR.tm.t_relay()
	else
		KSR.sl.sl_send_reply(481, "Call/Transaction Does Not Exist")
	end
end

-- Within a call: along the route that it was set up with.
function ksr_route_withindlg()
	if KSR.rr.loose_route() > 0 then
		ksr_route_relay()
	elseif not KSR.is_ACK() then
		KSR.sl.sl_send_reply(481, "Call/Transaction Does Not Exist")
	end
end

function ksr_route_register()
	if not KSR.is_myself_turi() then
		KSR.sl.sl_send_reply(403, "Forbidden")
		return
	end
	if KSR.registrar.save("location", 0) < 0 then
		KSR.sl.sl_reply_error()
	end
end

-- To the server itself: keep-alives of phones and monitors.
function ksr_route_server()
	if KSR.is_OPTIONS() then
		KSR.sl.sl_send_reply(200, "OK")
	else
		KSR.sl.sl_send_reply(484, "Address Incomplete")
	end
end

function ksr_route_call()
	KSR.hdr.remove("Route") -- where a first request goes is decided here
	if KSR.is_method_in("IS") then
		KSR.rr.record_route()
	end
	if KSR.registrar.lookup("location") < 0 then
		KSR.sl.send_reply(404, "Not Found")
		return
	end
	ksr_route_relay()
end

function ksr_route_relay()
	if KSR.tm.t_relay() < 0 then
		KSR.sl.sl_reply_error()
	end
end
