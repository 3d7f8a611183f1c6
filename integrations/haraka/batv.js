'use strict'
// BATV for Haraka 3, by the line protocol of batvd. Copy this file to plugins/batv.js and batv.ini to config/, and write
// `batv` into config/plugins before the plugins of recipients and of queues. Haraka's user must be in the group batv.
// config/host_list names the domains of this site, those of SRS addresses among them.
//
// What is relayed (connection.relaying) gets its tag and its mark when it is queued. What comes in is judged at RCPT TO,
// and with the message at the end of DATA. What is to be held goes to the plugin queue/quarantine.

const net = require('net')
const DSN = require('haraka-dsn')

const STATUS_FIELD = 'X-BATV-Status'
const VERDICT_FIELD = 'X-BATV-Verdict'
const RECIPIENT_FIELD = 'X-BATV-Recipient'
const MARK_FIELD = 'X-BATV-Mark'
// Of a message so many octets are judged.
const MOST_OCTETS = 1000000
// A question that is a line has so many characters.
const MOST_IN_A_LINE = 3000

exports.register = function () {
    const load = () => { this.options = this.config.get('batv.ini', load).main }
    load()
    this.register_hook('rcpt', 'recipient', -50)
    this.register_hook('rcpt_ok', 'recipient_taken', 50)
    this.register_hook('data_post', 'end_of_data', -50)
    this.register_hook('queue', 'send_bounce_back', -50)
    this.register_hook('queue_outbound', 'sign', -50)
}

// Asks all questions on one connection, and gives the answers in their order: a text, or null for none. A question is a
// line, or a Buffer.
exports.ask = function (...questions) {
    return new Promise((resolve, reject) => {
        const { socket, timeout } = this.options
        const tcp = /^(.*):(\d+)$/.exec(socket)
        const stream = net.connect(tcp ? { host: tcp[1].replace(/^\[|\]$/g, ''), port: Number(tcp[2]) } : socket)
        let answered = ''
        stream.setEncoding('utf8')
        stream.setTimeout(Number(timeout) * 1000, () => stream.destroy(new Error('the daemon does not answer')))
        stream.on('error', reject)
        stream.on('close', () => reject(new Error('the daemon closed the connection')))
        stream.on('data', (octets) => {
            answered += octets
            const lines = answered.split('\n').slice(0, -1)
            if (lines.length < questions.length) return
            stream.destroy()
            const failure = lines.find((line) => !/^(OK |NO$)/.test(line))
            if (failure !== undefined) return reject(new Error(failure))
            resolve(lines.map((line) => (line === 'NO' ? null : line.slice('OK '.length))))
        })
        for (const question of questions) stream.write(Buffer.isBuffer(question) ? question : `${question}\n`)
    })
}

// The domains of this site.
exports.hosts = function () {
    return this.config.get('host_list', 'list').map((host) => host.toLowerCase())
}

// Runs a hook's steps; when the daemon can't be asked, the mail is deferred.
exports.steps = function (next, connection, steps) {
    steps().then((outcome) => next(...outcome), (error) => {
        connection.logerror(this, error.message)
        next(DENYSOFT, DSN.create(451, 'bounce tags can\'t be checked just now: try again later', 3, 0))
    })
}

// A reply of the daemon, as Haraka wants it: `550 5.7.1 text`.
function refusal(reply) {
    const [, code, subject, detail, text] = /^(\d{3}) \d\.(\d+)\.(\d+) (.*)$/.exec(reply)
    return [code.startsWith('4') ? DENYSOFT : DENY, DSN.create(Number(code), text, Number(subject), Number(detail))]
}

// `name=value name=value reply="text"`
function judgement(answer) {
    const found = {}
    for (const [, name, quoted, word] of answer.matchAll(/(\w+)=(?:"([^"]*)"|(\S*))/g)) found[name] = quoted ?? word
    return found
}

function notes(transaction) {
    transaction.notes.batv ??= { earlier: 'none', open: [], originals: [] }
    return transaction.notes.batv
}

exports.recipient = function (next, connection, params) {
    const { transaction } = connection
    if (!transaction || (connection.relaying && !this.hosts().includes(params[0].host))) return next()
    const given = params[0].format()
    const noted = notes(transaction)
    delete noted.pending
    const restore = (address) => {
        const restored = new params[0].constructor(`<${address}>`)
        transaction.rcpt_to[transaction.rcpt_to.length - 1] = restored
        params[0] = restored
        noted.pending.original = given
    }
    this.steps(next, connection, async () => {
        // Bounces of hosts of ours get their recipients back, and are not judged.
        if (connection.relaying) {
            const [restored] = await this.ask(`verify ${given}`)
            noted.pending = {}
            if (restored !== null) restore(restored)
            return []
        }
        // Of all mail, before a table says anything: who guesses at tags is counted and deferred here, whatever the sender is.
        const sender = transaction.mail_from.format()
        const isBounce = transaction.mail_from.isNull()
        const [answer, restored, reversed = null] =
            await this.ask(`judge rcpt ${noted.earlier} ${connection.remote.ip} ${sender} ${given}`, `verify ${given}`,
                ...(isBounce ? [`srs-reverse ${given}`] : []))
        const judged = judgement(answer)
        if (!['not-judged', 'exempt'].includes(judged.reason)) connection.lognotice(this, `${given} ${answer}`)
        if (judged.disposition === 'reject' || judged.disposition === 'tempfail') return refusal(judged.reply)
        // What goes on elsewhere and what stays here are two messages.
        const alone = transaction.rcpt_to.length === 1
        if (noted.leaves || (reversed !== null && !alone)) return refusal('452 4.5.3 Only one recipient per bounce; send the others separately')
        // The question at the end of DATA is a line.
        const isOpen = isBounce || judged.settled === '0' || judged.disposition === 'mark'
        if (isOpen && Buffer.byteLength(noted.open.join(' ')) > MOST_IN_A_LINE) return refusal('452 4.5.3 Too many recipients; send the others separately')
        noted.pending = { judged, given, isOpen, leaves: reversed !== null }
        if (restored !== null) restore(restored)
        if (reversed === null) return []
        restore(reversed)
        return [OK]
    })
}

// What is noted of a recipient counts when no other plugin has refused him.
exports.recipient_taken = function (next, connection) {
    if (!connection.transaction) return next()
    const noted = notes(connection.transaction)
    const { judged, given, isOpen, leaves, original } = noted.pending ?? {}
    if (original) noted.originals.push(original)
    if (judged) {
        noted.earlier = judged.earlier
        noted.leaves = leaves
        if (isOpen) noted.open.push(given)
    }
    next()
}

exports.end_of_data = function (next, connection) {
    const { transaction } = connection
    if (!transaction || connection.relaying) return next()
    const noted = notes(transaction)
    // Copies of our fields that came with the message are forged.
    transaction.remove_header(STATUS_FIELD)
    transaction.remove_header(VERDICT_FIELD)
    transaction.remove_header(RECIPIENT_FIELD)
    this.steps(next, connection, async () => {
        let judged
        if (noted.open.length > 0) {
            const message = await new Promise((resolve) => transaction.message_stream.get_data(resolve))
            const kept = message.subarray(0, MOST_OCTETS)
            const extent = kept.length < message.length ? 'cut' : 'whole'
            // The answer is that to the worst: a good tag speaks for its own alone.
            const [sender, recipients] = [transaction.mail_from.format(), noted.open.join(' ')]
            const line = `judge-message ${connection.remote.ip} ${extent} ${kept.length} ${sender} ${recipients}\n`
            const [answer] = await this.ask(Buffer.concat([Buffer.from(line), kept]))
            judged = judgement(answer)
            connection.lognotice(this, `${recipients} ${answer}`)
            // A refusal would be for all recipients. Who may get one has no others: they were asked to come again.
            const alone = transaction.rcpt_to.length === 1
            if (judged.disposition === 'tempfail' || (judged.disposition === 'reject' && alone)) return refusal(judged.reply)
        }
        noted.originals.forEach((original) => transaction.add_leading_header(RECIPIENT_FIELD, original))
        if (!judged) return []
        if (judged.verdict_field) transaction.add_leading_header(VERDICT_FIELD, judged.verdict_field)
        if (judged.status_field) transaction.add_leading_header(STATUS_FIELD, judged.status_field)
        if (judged.disposition === 'quarantine') {
            transaction.notes.quarantine = 'batv'
            transaction.notes.quarantine_action = [OK, 'held']
        }
        return []
    })
}

// A bounce of mail that we forwarded.
exports.send_bounce_back = function (next, connection) {
    if (!connection?.transaction?.notes.batv?.leaves) return next()
    this.haraka_require('outbound').send_trans_email(connection.transaction, next)
}

// Has it remembered what is sent to whom, for what comes back without tag and mark: a line takes so many recipients.
function sent(sender, messageId, recipients) {
    if (!messageId) return []
    const lines = [`sent ${sender} ${messageId}`]
    for (const recipient of recipients) {
        if (lines.at(-1).length + recipient.length > MOST_IN_A_LINE) lines.push(`sent ${sender} ${messageId}`)
        lines.push(`${lines.pop()} ${recipient}`)
    }
    return lines
}

exports.sign = function (next, connection) {
    const transaction = connection?.transaction
    if (!transaction || transaction.mail_from.isNull()) return next()
    const sender = transaction.mail_from.format()
    const hosts = this.hosts()
    const here = (address) => hosts.includes(address.host)
    // The mark is made for the Message-ID: Haraka would add a missing one later.
    let messageId = transaction.header.get('Message-ID').replace(/\s/g, '')
    if (!messageId && here(transaction.mail_from)) {
        messageId = `<${transaction.uuid}@${this.config.get('me')}>`
        transaction.add_header('Message-ID', messageId)
    }
    this.steps(next, connection, async () => {
        const recipients = transaction.rcpt_to.map((recipient) => recipient.format())
        const [mark, tagged, forwarded, ...others] = await this.ask(`mark ${sender} ${messageId}`, `sign ${sender}`, `srs-forward ${sender}`,
            ...recipients.map((recipient) => `sign-for ${sender} ${recipient}`), ...sent(sender, messageId, recipients))
        const each = others.slice(0, recipients.length)
        const exempt = tagged === null ? 0 : each.filter((answer) => answer === null).length
        const enough = this.options.mixed_recipients === 'signed' ? each.length : 1
        let leaving = null
        if (tagged !== null) leaving = exempt < enough ? tagged : null
        // Mail of others that goes on to others: what stays here keeps its sender.
        else if (!here(transaction.mail_from) && !transaction.rcpt_to.every(here)) leaving = forwarded
        if (mark !== null) transaction.add_leading_header(MARK_FIELD, mark)
        if (leaving !== null) transaction.mail_from = new transaction.mail_from.constructor(`<${leaving}>`)
        return []
    })
}
