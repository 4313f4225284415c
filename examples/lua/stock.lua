-- A registrar and proxy for phones behind NAT: every KSR call that common Kamailio scripts are made of, in the forms
-- that they have there. What a site has of its own is switched on by defines:
--
--   cargo run --release -p sip-lua --bin ksr -- run examples/lua/stock.lua --define WITH_NAT --define WITH_ANTIFLOOD \
--       --modparam 'htable.htable=ipban=>size=8;autoexpire=300'
--
--   WITH_AUTH       passwords (--users FILE), and addresses that need none (permissions, group 1)
--   WITH_NAT        contacts of phones behind NAT, media through a relay where there is one
--   WITH_ANTIFLOOD  addresses that send too much are banned for a while
--
-- A module that is not there is nil: KSR.rtpengine and KSR.rtpproxy are asked for before they are called.

-- Flags of a request ...
FLT_ACC = 1 -- a call to be accounted
FLT_ACCMISSED = 2 -- ... where nobody answers
FLT_ACCFAILED = 3 -- ... where it fails
FLT_NATS = 5 -- the sender is behind NAT
-- ... and of a branch.
FLB_NATB = 6 -- who is called is behind NAT
FLB_NATSIPPING = 7 -- ... and wants to be asked now and then

function ksr_request_route()
	reqinit()
	if KSR.kx.ifdef("WITH_NAT") then
		natdetect()
	end

	if KSR.is_CANCEL() then
		if KSR.tm.t_check_trans() > 0 then
			relay()
		end
		return
	end

	-- The same request again, while another worker has it or after it was answered.
	if not KSR.is_ACK() then
		if KSR.tmx.t_precheck_trans() > 0 then
			KSR.tm.t_check_trans()
			return
		end
		if KSR.tm.t_check_trans() == 0 then
			return
		end
	end

	withindlg()
	authenticate()

	KSR.hdr.remove("Route") -- what phones put there by themselves
	if KSR.is_method_in("IS") then
		KSR.rr.record_route()
	end
	if KSR.is_INVITE() then
		KSR.setflag(FLT_ACC)
	end

	sipout()
	registration()
	if KSR.corex.has_ruri_user() < 0 then
		KSR.sl.sl_send_reply(484, "Address Incomplete")
		return
	end
	location()
end

-- Floods, scanners, loops, keep-alives, and what is no SIP.
function reqinit()
	KSR.set_reply_no_connect()
	KSR.force_rport()
	if KSR.kx.ifdef("WITH_ANTIFLOOD") and not KSR.is_myself_srcip() then
		local srcip = KSR.kx.get_srcip()
		if KSR.htable.sht_match_name("ipban", "eq", srcip) > 0 then
			KSR.dbg("from a banned address: " .. KSR.kx.get_method() .. " of " .. KSR.kx.get_furi() .. " (" .. srcip
				.. ":" .. KSR.kx.get_srcport() .. ")\n")
			KSR.x.exit()
		end
		if KSR.pike.pike_check_req() < 0 then
			KSR.err("too many requests: " .. KSR.kx.get_method() .. " of " .. KSR.kx.get_furi() .. " (" .. srcip
				.. ":" .. KSR.kx.get_srcport() .. ")\n")
			KSR.htable.sht_seti("ipban", srcip, 1)
			KSR.x.exit()
		end
	end
	local agent = KSR.kx.gete_ua()
	if string.find(agent, "friendly%-scanner") or string.find(agent, "sipcli") then
		KSR.sl.sl_send_reply(200, "OK")
		KSR.x.exit()
	end
	if KSR.maxfwd.process_maxfwd(10) < 0 then
		KSR.sl.sl_send_reply(483, "Too Many Hops")
		KSR.x.exit()
	end
	if KSR.is_OPTIONS() and KSR.is_myself_ruri() and KSR.corex.has_ruri_user() < 0 then
		KSR.sl.sl_send_reply(200, "Keepalive")
		KSR.x.exit()
	end
	if KSR.sanity.sanity_check(17895, 7) < 0 then
		KSR.err("malformed request from " .. KSR.kx.get_srcip() .. ":" .. KSR.kx.get_srcport() .. "\n")
		KSR.x.exit()
	end
end

-- To where a request goes that has its destination.
function relay()
	if KSR.is_method_in("IBSU") and KSR.tm.t_is_set("branch_route") < 0 then
		KSR.tm.t_on_branch("ksr_branch_manage")
	end
	if KSR.is_method_in("ISU") and KSR.tm.t_is_set("onreply_route") < 0 then
		KSR.tm.t_on_reply("ksr_onreply_manage")
	end
	if KSR.is_INVITE() and KSR.tm.t_is_set("failure_route") < 0 then
		KSR.tm.t_on_failure("ksr_failure_manage")
	end
	if KSR.tm.t_relay() < 0 then
		KSR.sl.sl_reply_error()
	end
	KSR.x.exit()
end

-- Requests of calls and subscriptions that run through here.
function withindlg()
	if KSR.siputils.has_totag() < 0 then
		return
	end
	if KSR.rr.loose_route() > 0 then
		dlguri()
		if KSR.is_BYE() then
			KSR.setflag(FLT_ACC)
			KSR.setflag(FLT_ACCFAILED)
		elseif KSR.is_ACK() then
			natmanage()
		elseif KSR.is_NOTIFY() then
			KSR.rr.record_route()
		end
		relay()
	end
	if KSR.is_ACK() then
		if KSR.tm.t_check_trans() > 0 then
			relay()
		end
		KSR.x.exit()
	end
	KSR.sl.sl_send_reply(404, "Not here")
	KSR.x.exit()
end

-- Who may send what.
function authenticate()
	if not (KSR.auth and KSR.kx.ifdef("WITH_AUTH")) then
		return
	end
	if KSR.permissions and not KSR.is_REGISTER() then
		if KSR.permissions.allow_source_address(1) > 0 then
			return
		end
	end
	if KSR.is_REGISTER() or KSR.is_myself_furi() then
		if KSR.auth_db.auth_check(KSR.kx.gete_fhost(), "subscriber", 1) < 0 then
			KSR.auth.auth_challenge(KSR.kx.gete_fhost(), 0)
			KSR.x.exit()
		end
		if not KSR.is_method_in("RP") then
			KSR.auth.consume_credentials()
		end
	end
	-- Neither from us nor to us.
	if (not KSR.is_myself_furi()) and not KSR.is_myself_ruri() then
		KSR.sl.sl_send_reply(403, "Not relaying")
		KSR.x.exit()
	end
end

-- Requests to other domains.
function sipout()
	if not KSR.is_myself_ruri() then
		KSR.hdr.append("P-Hint: outbound\r\n")
		relay()
	end
end

function registration()
	if not KSR.is_REGISTER() then
		return
	end
	if KSR.isflagset(FLT_NATS) then
		KSR.setbflag(FLB_NATB)
		KSR.setbflag(FLB_NATSIPPING)
	end
	if KSR.registrar.save("location", 0) < 0 then
		KSR.sl.sl_reply_error()
	end
	KSR.x.exit()
end

-- Requests to our own users.
function location()
	local code = KSR.registrar.lookup("location")
	if code < 0 then
		KSR.tm.t_newtran()
		if code == -2 then
			KSR.sl.send_reply(405, "Method Not Allowed")
		else
			KSR.sl.send_reply(404, "Not Found")
		end
		KSR.x.exit()
	end
	if KSR.is_INVITE() then
		KSR.setflag(FLT_ACCMISSED)
	end
	relay()
end

-- Phones behind NAT: where they are reached.
function natdetect()
	if not KSR.nathelper then
		return
	end
	if KSR.nathelper.nat_uac_test(19) > 0 then
		if KSR.is_REGISTER() then
			KSR.nathelper.fix_nated_register()
		elseif KSR.siputils.is_first_hop() > 0 then
			KSR.nathelper.set_contact_alias()
		end
		KSR.setflag(FLT_NATS)
	end
end

-- ... and their media, where there is a relay for it.
function natmanage()
	if not KSR.kx.ifdef("WITH_NAT") then
		return
	end
	if KSR.siputils.is_request() > 0 and KSR.siputils.has_totag() > 0 and KSR.rr.check_route_param("nat=yes") > 0 then
		KSR.setbflag(FLB_NATB)
	end
	if not (KSR.isflagset(FLT_NATS) or KSR.isbflagset(FLB_NATB)) then
		return
	end
	if KSR.rtpengine then
		if KSR.nathelper.nat_uac_test(8) > 0 then
			KSR.rtpengine.rtpengine_manage("replace-origin replace-session-connection SIP-source-address")
		else
			KSR.rtpengine.rtpengine_manage("replace-origin replace-session-connection")
		end
	elseif KSR.rtpproxy then
		if KSR.nathelper.nat_uac_test(8) > 0 then
			KSR.rtpproxy.rtpproxy_manage("co")
		else
			KSR.rtpproxy.rtpproxy_manage("cor")
		end
	end
	if KSR.siputils.is_request() > 0 and KSR.siputils.has_totag() < 0 and KSR.tmx.t_is_branch_route() > 0 then
		KSR.rr.add_rr_param(";nat=yes")
	end
	if KSR.siputils.is_reply() > 0 and KSR.isbflagset(FLB_NATB) then
		KSR.nathelper.set_contact_alias()
	end
end

-- The next hop of a request in a call, where its URI says it.
function dlguri()
	if KSR.nathelper and not KSR.isdsturiset() then
		KSR.nathelper.handle_ruri_alias()
	end
end

function ksr_branch_manage()
	KSR.dbg("branch " .. KSR.pv.get("$T_branch_idx") .. " to " .. KSR.kx.get_ruri() .. "\n")
	natmanage()
end

function ksr_onreply_manage()
	KSR.dbg("a reply\n")
	local code = KSR.kx.get_status()
	if code > 100 and code < 299 then
		natmanage()
	end
end

function ksr_failure_manage()
	natmanage()
	if KSR.tm.t_is_canceled() > 0 then
		return
	end
end

function ksr_reply_route()
	if KSR.sanity.sanity_check(17604, 6) < 0 then
		KSR.err("malformed reply from " .. KSR.kx.get_srcip() .. ":" .. KSR.kx.get_srcport() .. "\n")
		KSR.x.drop()
	end
end
