// What pages do beyond HTML: live state, shortcuts, theme, copying, times, toasts, charts. No framework; every part works
// on elements that the server wrote, and every page works without it.
(() => {
  const root = document.documentElement
  const each = (selector, act, scope = document) => scope.querySelectorAll(selector).forEach(act)
  const later = (act, ms) => setTimeout(act, ms)

  // --- stream: htmx's SSE extension reconnects by itself, except when the very first connection fails ---
  const GRACE = 3000 // a reconnection shorter than this is nobody's business
  const bell = document.getElementById('bell')
  const STALE = 60000 // what was shown before a gap of this length is no news: it greys
  let losing = 0
  let ageing = 0
  let missed = false // whether bells may have rung unheard

  const show = (state) => {
    clearTimeout(losing)
    losing = 0
    if (state === 'live') {
      clearTimeout(ageing)
      ageing = 0
      delete root.dataset.stale
    }
    if (bell.dataset.state === state) return
    bell.dataset.state = state
    bell.textContent = bell.dataset[state]
    bell.title = bell.dataset[state]
  }
  const heard = () => {
    show('live')
    if (missed || document.querySelector('[data-follow]')) window.htmx.trigger(document.body, 'pushpull:back')
    missed = true // from now on every new connection follows a gap
  }
  const doubt = () => {
    losing ||= later(() => show('lost'), GRACE)
    ageing ||= later(() => { root.dataset.stale = '' }, STALE)
  }
  const failed = (event) => {
    const status = event.detail.status ?? event.detail.ctx?.response?.status
    doubt()
    if (status === 401 || status === 403) show('ended')
  }
  const retry = (event) => {
    failed(event)
    missed = true
    if (!bell._htmx?.sse) later(() => window.htmx.trigger(bell, 'pushpull:connect'), 5000)
  }

  if (bell) {
    bell.addEventListener('htmx:sse:after:connection', heard)
    bell.addEventListener('htmx:sse:error', failed)
    bell.addEventListener('htmx:sse:close', doubt)
    bell.addEventListener('htmx:error', retry)
    bell.addEventListener('htmx:response:error', retry)
  }

  // --- failed requests: say so, unless it was a region refreshing itself or the server brought its own toast ---
  const regretted = (event) => {
    const { ctx } = event.detail
    const asked = ctx?.sourceEvent instanceof Event && /^(submit|click|change|input)$/.test(ctx.sourceEvent.type)
    if (!asked || ctx.response?.status === 422 || ctx.text?.includes('#toasts')) return
    document.getElementById('toasts').append(document.getElementById('toast_failed').content.cloneNode(true))
    settle()
  }
  document.addEventListener('htmx:response:error', regretted)
  document.addEventListener('htmx:error', regretted)

  // --- filters: the address says what is set and nothing else; each choice is a step back, the letters of a word are one ---
  let typed = ''
  document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
    const form = ctx.sourceElement
    if (!form.matches?.('.filters')) return
    for (const [name, value] of [...ctx.request.body]) if (value === '') ctx.request.body.delete(name)
    const query = new URLSearchParams(ctx.request.body).toString()
    const field = ctx.sourceEvent?.type === 'input' && ctx.sourceEvent.target?.matches('input') ? ctx.sourceEvent.target.name : ''
    const same = location.search.slice(1) === query || (field && field === typed)
    typed = field
    ctx.push = same ? null : 'true'
    ctx.replace = same ? 'true' : null
  })

  // --- relative times; rounds as present.relative does ---
  const UNITS = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']]
  const relative = (at) => {
    const gap = (Date.now() - at) / 1000
    const size = Math.abs(gap)
    if (size < 5) return 'just now'
    if (size >= 30 * 86400) return null
    const [seconds, unit] = UNITS.find(([seconds]) => size >= seconds)
    const text = `${Math.floor(size / seconds)} ${unit}`
    return gap > 0 ? `${text} ago` : `in ${text}`
  }
  const tick = () => each('time[data-relative]', (time) => {
    const text = relative(Date.parse(time.dateTime))
    if (text && time.firstChild.nodeValue !== text) time.firstChild.nodeValue = text
  })
  setInterval(tick, 5000)

  // --- theme: as the system, light, dark ---
  const THEMES = ['auto', 'light', 'dark']
  const button = document.getElementById('theme')
  const dress = (theme) => {
    if (theme === 'auto') delete root.dataset.theme
    else root.dataset.theme = theme
    if (button) button.title = button.dataset[theme]
    button?.setAttribute('aria-label', button.dataset[theme])
    each('[data-chart]', (figure) => { if (charts.has(figure)) draw(figure) })
  }
  const nextTheme = () => {
    const theme = THEMES[(THEMES.indexOf(root.dataset.theme ?? 'auto') + 1) % THEMES.length]
    try { localStorage.setItem('theme', theme) } catch { /* storage is off: for this page only */ }
    dress(theme)
  }

  // --- copying ---
  const copy = async (from) => {
    try {
      await navigator.clipboard.writeText(from.dataset.copy)
    } catch { // no permission, or not a secure context
      const area = document.createElement('textarea')
      area.value = from.dataset.copy
      document.body.append(area)
      area.select()
      document.execCommand('copy')
      area.remove()
      from.focus()
    }
    const use = from.querySelector('use')
    const icon = use.getAttribute('href')
    from.dataset.done = ''
    use.setAttribute('href', icon.replace('#copy', '#check'))
    later(() => { delete from.dataset.done; use.setAttribute('href', icon.replace('#check', '#copy')) }, 1500)
  }

  // --- moments at hand, in UTC ---
  const moment = (which) => {
    const at = new Date()
    if (which === 'hour') at.setTime(at.getTime() + 3600e3)
    else at.setUTCHours(which === 'day' ? 23 : 9, which === 'day' ? 59 : 0, 0, 0)
    if (which === 'monday') at.setUTCDate(at.getUTCDate() + ((8 - at.getUTCDay()) % 7 || 7))
    return at.toISOString().slice(0, 16)
  }
  const fill = (button) => {
    const field = button.closest('.field').querySelector('input')
    field.value = button.dataset.until && moment(button.dataset.until)
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }

  // --- a slider over steps sets the field of a number ---
  document.addEventListener('input', ({ target }) => {
    const field = target.dataset?.sets && target.form?.elements[target.dataset.sets]
    if (field) field.value = target.dataset.steps.split(' ')[target.value]
  })

  // --- clicks, delegated ---
  const closeMenus = (but) => each('.menu[open]', (menu) => { if (!menu.contains(but)) menu.open = false })
  document.addEventListener('click', (event) => {
    const on = (selector) => event.target.closest?.(selector)
    closeMenus(event.target)
    if (on('[data-copy]')) copy(on('[data-copy]'))
    else if (on('#theme')) nextTheme()
    else if (on('[data-dialog]')) document.getElementById(on('[data-dialog]').dataset.dialog).showModal()
    else if (on('[data-dismiss]')) on('.toast, .flash').remove()
    else if (on('[data-close]')) on('details').open = false
    else if (on('[data-until]')) fill(on('[data-until]'))
  })

  // choosing rows: all at once, and how many
  const count = () => each('[data-count]', (words) => {
    const boxes = [...words.closest('form').elements].filter((one) => one.type === 'checkbox')
    const chosen = boxes.filter((one) => one.checked).length
    words.textContent = `${chosen} ${words.dataset.count}`
    each('[data-choose]', (all) => { all.checked = chosen > 0 && chosen === boxes.length; all.indeterminate = chosen > 0 && chosen < boxes.length })
  })
  document.addEventListener('change', ({ target }) => {
    const form = target.dataset?.choose && document.getElementById(target.dataset.choose)
    if (form) [...form.elements].forEach((one) => { if (one.type === 'checkbox' && [one.name, undefined].includes(target.dataset.only)) one.checked = target.checked })
    if (target.type === 'checkbox') count()
  })

  // a form is sent once; coming back from the cache of pages makes it usable again
  document.addEventListener('submit', ({ target, submitter }) => {
    if (target.method === 'post' && submitter) later(() => { submitter.disabled = true })
  })
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) each('button[disabled]', (one) => { if (!one.title) one.disabled = false })
  })

  // --- keyboard ---
  let first = ''
  const typing = (target) => target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== 'checkbox')
  const walk = (by) => { // from row to row of a list
    const rows = [...document.querySelectorAll('main .table a.go')]
    const at = rows.indexOf(document.activeElement?.closest('tr')?.querySelector('a.go'))
    const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))]
    row?.focus()
    row?.scrollIntoView({ block: 'nearest' })
  }
  const among = (event) => { // arrows walk from the search box through what it found
    const box = event.target.closest('.search')
    const hits = [...(box?.querySelectorAll('.found a') ?? [])]
    if (!hits.length || !/^Arrow(Up|Down)$/.test(event.key)) return false
    event.preventDefault()
    const at = hits.indexOf(event.target) + (event.key === 'ArrowDown' ? 1 : -1)
    ;(hits[at] ?? (at < 0 ? document.getElementById('search') : hits.at(-1))).focus()
    return true
  }
  const pressed = (event) => {
    if (among(event)) return
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      return document.getElementById('search')?.select()
    }
    if (event.key === 'Escape') {
      if (event.target.closest?.('.rail .search')) event.target.blur()
      return closeMenus(null)
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
    const keys = first ? `${first} ${event.key}` : event.key
    first = ''
    const link = document.querySelector(`[data-keys="${CSS.escape(keys)}"]`)
    if (link) return link.click()
    if (event.key === 'g') {
      first = 'g'
      later(() => { first = '' }, 1500)
    } else if (event.key === '/') {
      event.preventDefault()
      document.getElementById('search')?.focus()
    } else if (event.key === 'j' || event.key === 'k') walk(event.key === 'j' ? 1 : -1)
    else if (event.key === 'x') document.activeElement?.closest('tr')?.querySelector('.c-pick input')?.click()
    else if (event.key === '?') document.getElementById('shortcuts')?.showModal()
  }
  document.addEventListener('keydown', pressed)

  // --- charts by day: <figure data-chart='{"x": […], "unit": "s", "series": [{"label", "mode" or "tone", "values"}]}'> ---
  const charts = new WeakMap()
  const colour = (name) => {
    const probe = document.createElement('i')
    probe.className = name
    document.body.append(probe)
    probe.style.color = `var(--${name})`
    const value = getComputedStyle(probe).color
    probe.remove()
    return value
  }
  const plotOptions = (figure, data) => {
    const grid = { stroke: colour('line'), width: 1 }
    const axis = { stroke: colour('ink-2'), grid, ticks: grid, font: `12px ${getComputedStyle(figure).fontFamily}` }
    const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
    const unit = data.unit ? ` ${data.unit}` : ''
    return {
      width: figure.clientWidth,
      height: 220,
      cursor: { drag: { x: false, y: false } },
      axes: [{ ...axis, space: 64, incrs: [1, 2, 7, 14, 28].map((days) => days * 86400), values: (_, ticks) => ticks.map((at) => day.format(at * 1000)) }, { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => `${tick}${unit}`) }],
      series: [{ label: 'Day', value: (_, at) => (at == null ? '–' : day.format(at * 1000)) }, ...data.series.map((one) => ({
        label: one.label,
        stroke: colour(one.mode ?? one.tone),
        width: 2,
        spanGaps: false,
        value: (_, value) => (value == null ? '–' : `${value}${unit}`),
      }))],
    }
  }
  const draw = (figure) => {
    const data = JSON.parse(figure.dataset.chart)
    charts.get(figure)?.plot.destroy()
    each(':scope > :not(figcaption)', (fallback) => { fallback.hidden = true }, figure)
    const plot = new window.uPlot(plotOptions(figure, data), [data.x, ...data.series.map((one) => one.values)], figure)
    charts.set(figure, { plot, source: figure.dataset.chart })
  }
  // The library weighs as much as all else: it is loaded when the first chart comes near the window.
  let library
  const loaded = (url) => library ??= new Promise((done) => {
    const script = document.createElement('script')
    script.addEventListener('load', done)
    script.src = url
    document.head.append(script)
  })
  const near = new IntersectionObserver((seen) => seen.forEach(({ isIntersecting, target }) => {
    if (!isIntersecting) return
    near.unobserve(target)
    loaded(target.dataset.library).then(() => { if (charts.get(target)?.source !== target.dataset.chart) draw(target) })
  }), { rootMargin: '400px' })
  window.addEventListener('resize', () => each('[data-chart]', (figure) => {
    charts.get(figure)?.plot.setSize({ width: figure.clientWidth, height: 220 })
  }))

  // --- motion only for what changed: whatever has an id and data-mark flashes when a swap brings another mark ---
  let marks = new Map()
  const flash = () => {
    const before = marks
    marks = new Map()
    each('[data-mark][id]', (one) => {
      marks.set(one.id, one.dataset.mark)
      if (!before.has(one.id) || before.get(one.id) === one.dataset.mark) return
      one.classList.add('changed')
      later(() => one.classList.remove('changed'), 2000)
    })
  }

  // a log follows what is written until somebody scrolls up to read, and again from its end on
  document.addEventListener('scroll', ({ target }) => {
    if (!target.matches?.('[data-follow]')) return
    if (target.scrollHeight - target.scrollTop - target.clientHeight < 24) delete target.dataset.read
    else target.dataset.read = 'up'
  }, true)

  // --- after every page and every swap ---
  const settle = () => {
    tick()
    flash()
    count()
    each('[data-chart]', (figure) => { if (charts.get(figure)?.source !== figure.dataset.chart) near.observe(figure) })
    each('[data-follow]', (log) => { if (!log.dataset.read) log.scrollTop = log.scrollHeight })
    each('.toast[data-leaves]:not([data-timed]), .flash:not(.warn, .bad, [data-timed])', (toast) => {
      toast.dataset.timed = ''
      later(() => toast.remove(), 6000 + 40 * toast.textContent.length)
    })
  }
  document.addEventListener('htmx:after:swap', settle)
  dress(root.dataset.theme ?? 'auto')
  settle()
  document.querySelector('main [aria-invalid]')?.focus()
})()
