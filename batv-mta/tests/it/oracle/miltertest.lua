-- A bounce to Alice, restored; one to a forged address, refused; a message of hers. Driven by miltertest, which calls no
-- step that is negotiated away, and can't look at a changed sender: the steps are those that batvd asks for over TCP.
--   miltertest -D socket=PLACE -D tag=ADDRESS -D forged=ADDRESS -s miltertest.lua

local alice = "<alice@example.com>"
local FOREIGN = "Not a bounce of our mail: we did not send the message that it returns"
local FOREIGN_BOUNCE = "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReceived: from mx.example.net\r\n" ..
	"From: alice@example.com\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n--b--\r\n"

local function expect(truth, claim)
	if not truth then
		io.stderr:write("not so: ", claim, "\n")
		error(claim)
	end
end

local function answered(connection, reply, packet)
	expect(mt.getreply(connection) == reply, "the reply to " .. packet)
end

local function begin(connection, sender)
	expect(mt.mailfrom(connection, sender) == nil, "MAIL FROM")
	answered(connection, SMFIR_CONTINUE, "MAIL FROM")
end

local function recipient(connection, address, reply)
	expect(mt.rcptto(connection, address) == nil, "RCPT TO")
	answered(connection, reply, "RCPT TO")
end

local function field(connection, name, value)
	expect(mt.header(connection, name, value) == nil, name)
	answered(connection, SMFIR_CONTINUE, name)
end

local connection = mt.connect(socket)
expect(connection ~= nil, "a connection")
mt.negotiate(connection, nil, nil, nil)
mt.macro(connection, SMFIC_CONNECT, "j", "mx.example.com", "{daemon_name}", "mx.example.com")
expect(mt.conninfo(connection, "client.example.net", "192.0.2.7") == nil, "a client")
answered(connection, SMFIR_CONTINUE, "the client")

begin(connection, "<>")
recipient(connection, "<" .. forged .. ">", SMFIR_REPLYCODE)
recipient(connection, "<" .. tag .. ">", SMFIR_CONTINUE)
field(connection, "X-BATV-Status", "valid")
field(connection, "Subject", "failed")
expect(mt.eom(connection) == nil, "the end")
answered(connection, SMFIR_CONTINUE, "the end")
expect(mt.eom_check(connection, MT_RCPTDELETE, "<" .. tag .. ">"), "a deleted recipient")
expect(mt.eom_check(connection, MT_RCPTADD, alice), "an added recipient")
expect(mt.eom_check(connection, MT_HDRDELETE, "X-BATV-Status"), "a deleted field")
expect(mt.eom_check(connection, MT_HDRINSERT, "X-BATV-Status", "valid"), "a status")
expect(mt.eom_check(connection, MT_HDRINSERT, "X-BATV-Recipient", "<" .. tag .. ">"), "the original recipient")
expect(not mt.eom_check(connection, MT_BODYCHANGE), "the body as it was")

begin(connection, "<>")
recipient(connection, alice, SMFIR_CONTINUE)
field(connection, "Content-Type", "multipart/report; report-type=delivery-status; boundary=b")
expect(mt.bodystring(connection, FOREIGN_BOUNCE) == nil, "a body")
answered(connection, SMFIR_CONTINUE, "a body")
expect(mt.eom(connection) == nil, "the end")
answered(connection, SMFIR_REPLYCODE, "the bounce of a stranger's message")
expect(mt.eom_check(connection, MT_SMTPREPLY, "550", "5.7.1", FOREIGN), "its words")

mt.macro(connection, SMFIC_MAIL, "{auth_type}", "PLAIN")
begin(connection, alice)
recipient(connection, "<dave@example.net>", SMFIR_CONTINUE)
field(connection, "Subject", "test")
expect(mt.eom(connection) == nil, "the end")
answered(connection, SMFIR_CONTINUE, "a message")
expect(not mt.eom_check(connection, MT_RCPTADD, alice), "the original recipient")
mt.disconnect(connection)
mt.echo("all is so")
