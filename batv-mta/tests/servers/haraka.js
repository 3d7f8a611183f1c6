'use strict'
// The site apart from BATV: its users, and its routes.

const fs = require('fs')

exports.register = function () {
    this.options = this.config.get('site.ini').main
}

exports.hook_connect = function (next, connection) {
    connection.relaying = connection.local.port === Number(this.options.submission)
    next()
}

exports.hook_rcpt = function (next, connection, params) {
    if (connection.relaying) return next(OK)
    const { host } = params[0]
    const user = params[0].user.toLowerCase()
    if (host !== 'example.com') return next(DENY, 'relaying denied')
    const known = this.config.get('mailboxes', 'list').includes(user)
    next(known ? OK : DENY, known ? undefined : 'unknown user')
}

exports.hook_queue = function (next, connection) {
    const { transaction } = connection
    transaction.message_stream.get_data((message) => {
        const whole = Buffer.concat([Buffer.from(`Return-Path: ${transaction.mail_from.format()}\n`), message])
        for (const { user } of transaction.rcpt_to) {
            const folder = `${this.options.mail}/${user.toLowerCase().replace(/"/g, '').replace(/ /g, '_')}/new`
            fs.mkdirSync(folder, { recursive: true })
            fs.writeFileSync(`${folder}/../${transaction.uuid}`, whole)
            fs.renameSync(`${folder}/../${transaction.uuid}`, `${folder}/${transaction.uuid}`)
        }
        next(OK)
    })
}

// There is no DNS: mail for the site comes back to it.
exports.hook_get_mx = function (next, hmail, domain) {
    const port = domain === 'example.com' ? this.options.mx : this.options.next_hop
    next(OK, { priority: 0, exchange: '127.0.0.1', port: Number(port) })
}
