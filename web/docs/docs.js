'use strict';
// Shows openapi.json and asyncapi.json, and lets the reader try what they say.
(() => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, text, name) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (name) node.className = name;
    return node;
  };
  const pretty = (value) => JSON.stringify(value, null, 2);
  const json = async (path) => (await fetch(path)).json();

  const input = (form, name, hint) => {
    const label = make('label', name + (hint ? ' – ' + hint : ''));
    const field = document.createElement('input');
    field.name = name;
    label.append(field);
    form.append(label);
    return field;
  };

  const resolve = (document_, schema) => {
    const reference = schema && schema.$ref;
    return reference ? reference.slice(2).split('/').reduce((at, key) => at[key], document_) : schema;
  };

  const tryIt = (path, method, operation) => {
    const form = make('form');
    const fields = (operation.parameters || []).map((parameter) => [parameter, input(form, parameter.name, parameter.description)]);
    let body = null;
    if (operation.requestBody) {
      const label = make('label', 'body (JSON)');
      body = document.createElement('textarea');
      body.rows = 2;
      body.value = pretty(operation.requestBody.content['application/json'].example);
      label.append(body);
      form.append(label);
    }
    const button = make('button', 'Try it');
    const output = make('pre');
    output.dataset.testid = 'result';
    output.hidden = true;
    form.append(make('p'), button, output);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      let target = path;
      const query = new URLSearchParams();
      for (const [parameter, field] of fields) {
        if (parameter.in === 'path') target = target.replace('{' + parameter.name + '}', encodeURIComponent(field.value));
        else if (field.value) query.set(parameter.name, field.value);
      }
      if (query.size) target += '?' + query;
      output.hidden = false;
      try {
        const headers = body ? { 'Content-Type': 'application/json' } : {};
        const response = await fetch(target, { method: method.toUpperCase(), headers, body: body ? body.value : undefined });
        let text = await response.text();
        try { text = pretty(JSON.parse(text)); } catch { /* a page */ }
        const lines = [...response.headers].map(([name, value]) => name + ': ' + value).join('\n');
        output.textContent = method.toUpperCase() + ' ' + target + '\n' + response.status + ' ' + response.statusText + '\n' + lines + '\n\n' + text;
      } catch (error) {
        output.textContent = 'No answer: ' + error.message;
      }
    });
    return form;
  };

  const route = (api, path, method, operation) => {
    const box = make('details');
    box.dataset.testid = operation.operationId;
    const summary = make('summary');
    summary.append(make('b', method.toUpperCase()), make('code', path), make('span', operation.summary));
    box.append(summary);
    for (const [status, answer] of Object.entries(operation.responses)) {
      const content = answer.content && answer.content['application/json'];
      box.append(make('p', status + ': ' + answer.description));
      if (content && status === '200') box.append(make('pre', pretty(resolve(api, content.schema).properties)));
    }
    box.append(tryIt(path, method, operation));
    return box;
  };

  const message = (api, reference, sendable) => {
    const name = reference.$ref.split('/').pop();
    const shape = api.components.messages[name];
    const box = make('details');
    box.dataset.testid = 'message-' + name;
    const summary = make('summary');
    summary.append(make('code', name), make('span', shape.summary));
    box.append(summary, make('pre', pretty(shape.payload.properties)), make('p', 'Example'), make('pre', pretty(shape.examples[0].payload)));
    if (sendable) {
      const button = make('button', 'Put into the console');
      button.type = 'button';
      button.addEventListener('click', () => { $('frame').value = JSON.stringify(shape.examples[0].payload); });
      box.append(button);
    }
    return box;
  };

  let socket = null;
  const line = (mark, text) => {
    $('frames').textContent += mark + ' ' + text + '\n';
    $('frames').scrollTop = $('frames').scrollHeight;
  };
  $('connect').addEventListener('click', () => {
    if (socket) return socket.close();
    socket = new WebSocket((location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + '/ws');
    socket.onopen = () => { $('socket-state').textContent = 'Connected'; $('connect').textContent = 'Close'; $('send').disabled = false; };
    socket.onmessage = (event) => line('←', event.data);
    socket.onclose = (event) => {
      line('×', 'closed with code ' + event.code);
      socket = null;
      $('socket-state').textContent = 'Not connected';
      $('connect').textContent = 'Connect';
      $('send').disabled = true;
    };
  });
  $('send').addEventListener('click', () => {
    if (!socket) return;
    socket.send($('frame').value);
    line('→', $('frame').value);
  });
  $('frame').value = '{"type": "chat", "message": "Hello!"}';

  const load = async () => {
    const rest = await json('/openapi.json');
    $('rest-about').textContent = rest.info.description;
    for (const [path, methods] of Object.entries(rest.paths))
      for (const [method, operation] of Object.entries(methods)) $('routes').append(route(rest, path, method, operation));
    const chat = await json('/asyncapi.json');
    $('socket-about').textContent = chat.info.description;
    for (const reference of chat.operations.receiveFromClient.messages) $('client').append(message(chat, reference, true));
    for (const reference of chat.operations.sendToClient.messages) $('server').append(message(chat, reference, false));
  };
  load();
})();
